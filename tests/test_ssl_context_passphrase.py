"""Context.set_passwd_cb: whom use_privatekey_file asks for a passphrase, with what, and what becomes of the answer."""

from collections.abc import Callable
from pathlib import Path

import pytest
from OpenSSL import SSL, crypto

from tests.support.authority import PASSPHRASE, Authority
from tests.support.rows import rows


def loading(authority: Authority, callback: Callable[..., object], *userdata: object) -> SSL.Context:
    """Load the server's encrypted key into a context that asks the callback; returns the context."""
    context = SSL.Context(SSL.TLS_METHOD)
    assert context.set_passwd_cb(callback, *userdata) is None
    context.use_certificate(authority.server.x509)
    assert context.use_privatekey_file(authority.server.encrypted_key_file) is None
    context.check_privatekey()
    return context


def refused(authority: Authority, callback: Callable[..., object], *userdata: object) -> SSL.Error:
    """Load the server's encrypted key, which must fail; return the error. No key is left behind."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_passwd_cb(callback, *userdata)
    context.use_certificate(authority.server.x509)
    with pytest.raises(SSL.Error) as caught:
        context.use_privatekey_file(authority.server.encrypted_key_file)
    assert type(caught.value) is SSL.Error
    assert caught.value.args[0]
    with pytest.raises(SSL.Error):
        context.check_privatekey()
    return caught.value


@rows(221, 225)
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_the_callback_is_asked_and_its_answer_opens_the_key(kind: str, request: pytest.FixtureRequest):
    asked = []

    def callback(*arguments: object) -> bytes:
        asked.append(arguments)
        return PASSPHRASE

    loading(request.getfixturevalue(kind), callback)
    assert len(asked) == 1


@rows(222, 223)
def test_three_arguments(ec: Authority):
    # C122: what every release calls it with.
    userdata = object()
    asked = []

    def callback(maxlen: int, repeat: bool, data: object) -> bytes:
        asked.append((maxlen, repeat, data))
        return PASSPHRASE

    loading(ec, callback, userdata)
    ((maxlen, repeat, data),) = asked
    assert type(maxlen) is int
    assert maxlen >= 1024
    assert repeat is False
    assert data is userdata


@rows(222, 223)
def test_two_arguments(ec: Authority):
    # C122: what the manual calls it with; upstream does not.
    userdata = object()
    asked = []

    def callback(repeat: bool, data: object) -> bytes:
        asked.append((repeat, data))
        return PASSPHRASE

    loading(ec, callback, userdata)
    assert asked == [(False, userdata)]
    assert asked[0][1] is userdata


@rows(222)
def test_without_userdata_the_argument_is_none(ec: Authority):
    asked = []
    loading(ec, lambda *arguments: asked.append(arguments) or PASSPHRASE)
    assert asked[0][2] is None


class WithTwo:
    """Callables of two arguments beside the one that is bound, or beside defaults."""

    def method(self, repeat: bool, data: object) -> bytes:
        assert repeat is False
        assert data == "data"
        return PASSPHRASE

    __call__ = method


class WithThree:
    """Callables of three arguments, or of any number."""

    def method(self, maxlen: int, repeat: bool, data: object) -> bytes:
        assert maxlen > 2
        assert repeat is False
        assert data == "data"
        return PASSPHRASE

    def any_number(self, *arguments: object) -> bytes:
        return self.method(*arguments)

    def one_by_default(self, maxlen: int, repeat: bool, data: object = None) -> bytes:
        return self.method(maxlen, repeat, data)

    __call__ = method


@rows(222, 223)
@pytest.mark.parametrize(
    "callback",
    [
        WithTwo(),
        WithTwo().method,
        WithThree(),
        WithThree().method,
        WithThree().any_number,
        WithThree().one_by_default,
        lambda repeat, data: PASSPHRASE,
        lambda maxlen, repeat, data, more=None: PASSPHRASE,
    ],
)
def test_callables_of_any_kind(ec: Authority, callback: Callable[..., object]):
    loading(ec, callback, "data")


@rows(224)
def test_nothing_is_ever_asked_twice(ec: Authority):
    # The manual's `repeat` is for writing a key. A Context only reads them, so the argument is always false.
    repeats = []

    def callback(maxlen: int, repeat: bool, data: object) -> bytes:
        repeats.append(repeat)
        return PASSPHRASE if len(repeats) > 1 else b"a slip of the finger"

    refused(ec, callback)
    assert repeats == [False]
    repeats.append(True)
    loading(ec, callback)
    assert repeats[-1] is False


@rows(225)
@pytest.mark.parametrize("answer", [PASSPHRASE, PASSPHRASE.decode()])
def test_the_answer_is_bytes_or_text(ec: Authority, answer: object):
    # C123
    loading(ec, lambda *arguments: answer)


@rows(225)
def test_text_is_encoded_as_utf_8(ec: Authority, tmp_path: Path):
    secret = "schlüssel ☃"
    key = crypto.dump_privatekey(crypto.FILETYPE_PEM, ec.server.pkey, "aes-256-cbc", secret.encode())
    file = tmp_path / "key.pem"
    file.write_bytes(key)
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_passwd_cb(lambda *arguments: secret)
    context.use_privatekey_file(file)
    context.use_certificate(ec.server.x509)
    context.check_privatekey()


@rows(225)
def test_a_wrong_passphrase_is_an_error(ec: Authority):
    refused(ec, lambda *arguments: b"wrong")


@rows(226)
@pytest.mark.parametrize("answer", ["", b"", None, False, 0])
def test_a_false_answer_is_an_error(ec: Authority, answer: object):
    # C123: the manual's "error value".
    refused(ec, lambda *arguments: answer)


@rows(226)
@pytest.mark.parametrize("answer", [7, ["list"], object(), True])
def test_an_answer_of_another_type_is_refused(ec: Authority, answer: object):
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_passwd_cb(lambda *arguments: answer)
    with pytest.raises(ValueError, match="bytes"):
        context.use_privatekey_file(ec.server.encrypted_key_file)


def test_an_answer_that_is_too_long_is_cut_off(ec: Authority, tmp_path: Path):
    # C123: cheroot, for one, tells its users so.
    longest = b"x" * 1024
    file = tmp_path / "key.pem"
    file.write_bytes(crypto.dump_privatekey(crypto.FILETYPE_PEM, ec.server.pkey, "aes-128-cbc", longest))
    context = SSL.Context(SSL.TLS_METHOD)
    for more in (b"", b"y", b"y" * 10_000):
        context.set_passwd_cb(lambda maxlen, repeat, data, more=more: b"x" * maxlen + more)
        context.use_privatekey_file(file)
    refused(ec, lambda maxlen, repeat, data: b"x" * 2 * maxlen)


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit, SSL.WantReadError])
def test_what_the_callback_raises_comes_out(ec: Authority, error: type[BaseException]):
    raised = error("mine")

    def callback(*arguments: object) -> bytes:
        raise raised

    context = SSL.Context(SSL.TLS_METHOD)
    context.set_passwd_cb(callback)
    with pytest.raises(error) as caught:
        context.use_privatekey_file(ec.server.encrypted_key_file)
    assert caught.value is raised


def test_a_key_in_the_clear_asks_nobody(ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_passwd_cb(lambda *arguments: pytest.fail("nobody is to be asked"))
    context.use_privatekey_file(ec.server.key_file)


def test_without_a_callback_an_encrypted_key_is_an_error(ec: Authority):
    # OpenSSL would ask on the terminal.
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(SSL.Error) as caught:
        context.use_privatekey_file(ec.server.encrypted_key_file)
    assert caught.value.args[0]


def test_a_later_callback_replaces_the_earlier(ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_passwd_cb(lambda *arguments: pytest.fail("replaced"), "first")
    asked = []
    context.set_passwd_cb(lambda *arguments: asked.append(arguments[2]) or PASSPHRASE)
    context.use_privatekey_file(ec.server.encrypted_key_file)
    assert asked == [None]


def test_the_callback_may_use_its_context(ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)

    def callback(*arguments: object) -> bytes:
        context.set_timeout(42)
        context.use_certificate(ec.server.x509)
        return PASSPHRASE

    context.set_passwd_cb(callback)
    context.use_privatekey_file(ec.server.encrypted_key_file)
    context.check_privatekey()
    assert context.get_timeout() == 42


@rows(221)
@pytest.mark.parametrize("callback", [None, b"passphrase", 7, object()])
def test_the_callback_is_callable(callback: object):
    with pytest.raises(TypeError, match="callable"):
        SSL.Context(SSL.TLS_METHOD).set_passwd_cb(callback)
