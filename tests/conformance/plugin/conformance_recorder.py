"""A plug-in for pytest, loaded into every run of a foreign suite: what became of each test, and no network.

It runs in that suite's environment, which has old versions of pytest too, and imports nothing of this project. One
line of JSON for each event goes to the file $CONFORMANCE_RECORD at once, so that after a crash all is known up to it:
`{"package": ...}` first, `{"start": test}`, `{"test": ..., "outcome": ..., "text": ...}`, and `{"end": status}`.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from typing import Any

import pytest

_LOCAL = ("localhost", "ip6-localhost", "::1", "0.0.0.0", "::", "")
_real_connect = socket.socket.connect
_real_connect_ex = socket.socket.connect_ex
_real_getaddrinfo = socket.getaddrinfo

_outcomes: dict[str, tuple[str, str]] = {}


def _write(**event: object) -> None:
    with open(os.environ["CONFORMANCE_RECORD"], "a", encoding="utf-8") as file:
        file.write(json.dumps(event) + "\n")


def _is_local(host: object) -> bool:
    if not isinstance(host, (str, bytes, bytearray)):
        return host is None
    text = host if isinstance(host, str) else bytes(host).decode("latin-1")
    text = text.rstrip(".").lower()
    return text in _LOCAL or text.endswith(".localhost") or text.startswith("127.")


def _leaves(sock: socket.socket, address: Any) -> bool:
    return sock.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0])


def _connect(self: socket.socket, address: Any) -> None:
    if _leaves(self, address):
        # Nobody answers, as on a network that swallows packets: who waits with a limit waits for so long.
        limit = self.gettimeout()
        if limit:
            time.sleep(limit)
            raise TimeoutError("timed out")
        raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
    _real_connect(self, address)


def _connect_ex(self: socket.socket, address: Any) -> int:
    if _leaves(self, address):
        return errno.ENETUNREACH
    return _real_connect_ex(self, address)


def _is_numeric(host: Any) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, TypeError):
            continue
        return True
    return False


def _getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    text = host.decode("latin-1") if isinstance(host, bytes) else host
    if not _is_local(host) and not _is_numeric(text):
        raise socket.gaierror(socket.EAI_NONAME, "no names are looked up here: " + repr(host))
    return _real_getaddrinfo(host, *args, **kwargs)


def pytest_configure(config: pytest.Config) -> None:
    """Shut the network off, and write down which package this is about."""
    for place, name, guarded in (
        (socket.socket, "connect", _connect),
        (socket.socket, "connect_ex", _connect_ex),
        (socket, "getaddrinfo", _getaddrinfo),
    ):
        setattr(place, name, guarded)
    import OpenSSL
    from OpenSSL import SSL

    _write(package=OpenSSL.__version__, file=OpenSSL.__file__, openssl=SSL.SSLeay_version(0).decode())


def _name(item: pytest.Item) -> str:
    """Name a test so that its name is the same from wherever it is run: module, then as pytest does."""
    module = item.getparent(pytest.Module)
    inside = item.nodeid.partition("::")[2]
    return (module.obj.__name__ if module is not None else "") + "::" + inside


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what $CONFORMANCE_DESELECTED names, and what $CONFORMANCE_SELECTED, if it is a list, does not."""
    named = os.environ.get("CONFORMANCE_DESELECTED", "").split()
    out = [item for item in items if any(_name(item) == name or _name(item).startswith(name + "[") for name in named)]
    selected = json.loads(os.environ.get("CONFORMANCE_SELECTED", "null"))
    if selected is not None:
        out = [item for item in items if _name(item) not in selected]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Write down a file that cannot be collected, as a test of its own."""
    if report.failed:
        lines = str(report.longrepr).splitlines()
        reasons = [line[1:].strip() for line in lines if line.startswith("E ")] or lines
        _write(test=report.nodeid, outcome="error", text="\n".join(reversed(reasons))[:2000])


def _text(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return f"{os.path.basename(crash.path)}:{crash.lineno}: {crash.message}"[:2000]
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return str(report.longrepr or "")[:2000]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Write down that a test starts, in case that it never ends."""
    item.user_properties.append(("name", _name(item)))
    _write(start=_name(item))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take each phase of a test into account, and write down the outcome after the last one."""
    name = str(dict(report.user_properties)["name"])
    # What pytest-rerunfailures calls an attempt that is not the last.
    if str(report.outcome) == "rerun":
        _outcomes.pop(name, None)
        return
    if report.failed:
        _outcomes[name] = ("failed" if report.when == "call" else "error", _text(report))
    elif report.skipped:
        _outcomes[name] = ("xfailed" if hasattr(report, "wasxfail") else "skipped", _text(report))
    elif report.when == "call":
        _outcomes[name] = ("xpassed" if hasattr(report, "wasxfail") else "passed", "")
    if report.when == "teardown" and name in _outcomes:
        outcome, text = _outcomes.pop(name)
        _write(test=name, outcome=outcome, text=text)


def pytest_sessionfinish(exitstatus: int) -> None:
    """Write down that the run came to its end."""
    _write(end=int(exitstatus))
