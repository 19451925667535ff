"""What holds around every test: an empty OpenSSL error queue, a time limit, the throwaway CA, the TLS versions."""

import faulthandler
import os
from collections.abc import Callable, Iterator

import OpenSSL
import pytest

from tests.support.authority import Authority, make_authority
from tests.support.contexts import VERSIONS

# The tests are also run against the upstream package, to see that they ask for what it does. It cannot tell the state
# of its error queue, so there, and only there, the queue goes unchecked. Ours has to export the question.
UPSTREAM = "+ironssl" not in OpenSSL.__version__

# Under a sanitizer (tools/sanitize) everything takes longer.
SANITIZED = "IRONSSL_SANITIZED" in os.environ
SECONDS_PER_TEST = 300 if SANITIZED else 60
SECONDS_UNTIL_KILLED = 2 * SECONDS_PER_TEST


def _queue_check() -> Callable[[], bool]:
    if UPSTREAM:
        return lambda: True
    from OpenSSL._rust import error_queue_is_empty

    return error_queue_is_empty


error_queue_is_empty = _queue_check()

_terminal = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep the terminal's standard error, which is captured while tests run, for the last words of a hung test."""
    config.stash[_terminal] = os.dup(2)
    if SANITIZED:
        # For the programs that tests start: an interpreter that ends with threads at work leaves what they hold.
        os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the descriptor back."""
    os.close(config.stash[_terminal])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Limit every test that has no limit of its own."""
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS_PER_TEST))


@pytest.fixture(autouse=True)
def _killed_when_hung(request: pytest.FixtureRequest) -> Iterator[None]:
    """End the run, with every thread's traceback, where the time limit's signal cannot reach a blocked test."""
    faulthandler.dump_traceback_later(SECONDS_UNTIL_KILLED, exit=True, file=request.config.stash[_terminal])
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True)
def _empty_error_queue() -> Iterator[None]:
    """Fail a test that starts or ends with something left in this thread's OpenSSL error queue."""
    assert error_queue_is_empty(), "the OpenSSL error queue was not empty before the test"
    yield
    assert error_queue_is_empty(), "the test left something in the OpenSSL error queue"


@pytest.fixture(scope="session")
def rsa(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make a CA with RSA keys."""
    return make_authority("rsa", tmp_path_factory.mktemp("rsa"))


@pytest.fixture(scope="session")
def ec(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make a CA with P-256 keys: the one to use where the kind of key does not matter."""
    return make_authority("ec", tmp_path_factory.mktemp("ec"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make another CA with P-256 keys and the same names, which nobody trusts unless a test says so."""
    return make_authority("ec", tmp_path_factory.mktemp("stranger"))


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Give each protocol version."""
    return request.param
