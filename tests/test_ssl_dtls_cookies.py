"""DTLSv1_listen: a server that serves those clients only that send its cookie back."""

import asyncio

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, identify, server_context, trust
from tests.support.pairs import Pair, connected, pump

HELLO_VERIFY_REQUEST = 3


def contexts(ec: Authority) -> tuple[SSL.Context, SSL.Context]:
    """Make DTLS contexts for a client and a server, without cookie callbacks."""
    client, server = SSL.Context(SSL.DTLS_METHOD), SSL.Context(SSL.DTLS_METHOD)
    trust(client, ec)
    client.set_verify(SSL.VERIFY_PEER)
    identify(server, ec, ec.server)
    return client, server


def listening(ec: Authority, generate, verify) -> Pair:
    """Join a client that has said hello with a server that has these callbacks."""
    client_context, server_context = contexts(ec)
    if generate is not None:
        server_context.set_cookie_generate_callback(generate)
    if verify is not None:
        server_context.set_cookie_verify_callback(verify)
    client, server = SSL.Connection(client_context), SSL.Connection(server_context)
    client.set_connect_state()
    server.set_accept_state()
    step(client)
    return Pair(client, server, "memory")


def step(connection: SSL.Connection) -> None:
    """Take a step of the handshake, which has to wait for the other side."""
    with pytest.raises(SSL.WantReadError):
        connection.do_handshake()


def test_a_client_that_can_be_reached(ec: Authority):
    calls = []

    def generate(connection):
        calls.append(("generate", connection))
        return b"xyzzy"

    def verify(connection, cookie):
        calls.append(("verify", connection, cookie))
        return cookie == b"xyzzy"

    pair = listening(ec, generate, verify)
    with pytest.raises(SSL.WantReadError):
        pair.server.DTLSv1_listen()
    pair.server.bio_write(pair.client.bio_read(4096))
    with pytest.raises(SSL.WantReadError):
        pair.server.DTLSv1_listen()
    request = pair.server.bio_read(4096)
    assert request[13] == HELLO_VERIFY_REQUEST
    assert b"xyzzy" in request
    pair.client.bio_write(request)
    step(pair.client)
    pair.server.bio_write(pair.client.bio_read(4096))
    pair.server.DTLSv1_listen()
    assert calls == [("generate", pair.server), ("verify", pair.server, b"xyzzy")]
    pair.handshake()
    pair.client.send(b"over datagrams")
    pump(pair.client, pair.server)
    assert pair.server.recv(100) == b"over datagrams"


def test_a_wrong_cookie_is_asked_for_again(ec: Authority):
    seen = []
    pair = listening(ec, lambda connection: b"cookie", lambda connection, cookie: seen.append(cookie))
    for hello in range(2):
        pair.server.bio_write(pair.client.bio_read(4096))
        with pytest.raises(SSL.WantReadError):
            pair.server.DTLSv1_listen()
        request = pair.server.bio_read(4096)
        assert request[13] == HELLO_VERIFY_REQUEST
        assert seen == [b"cookie"] * hello
        if hello == 0:
            pair.client.bio_write(request)
            step(pair.client)


@pytest.mark.parametrize("length", [1, 50, 100])
def test_cookies_of_any_length_that_fits(ec: Authority, length: int):
    seen = []
    pair = listening(ec, lambda c: b"c" * length, lambda c, cookie: seen.append(cookie) or True)
    pair.server.bio_write(pair.client.bio_read(4096))
    with pytest.raises(SSL.WantReadError):
        pair.server.DTLSv1_listen()
    pair.client.bio_write(pair.server.bio_read(4096))
    step(pair.client)
    pair.server.bio_write(pair.client.bio_read(4096))
    pair.server.DTLSv1_listen()
    assert seen == [b"c" * length]


@pytest.mark.parametrize("length", [256, 257, 70_000])
def test_a_cookie_that_does_not_fit(ec: Authority, length: int):
    pair = listening(ec, lambda connection: b"c" * length, lambda connection, cookie: True)
    pair.server.bio_write(pair.client.bio_read(4096))
    with pytest.raises(ValueError, match=rf"Cookie too long \(got {length} bytes, max 255\)"):
        pair.server.DTLSv1_listen()


@pytest.mark.parametrize("cookie", ["text", None, 3, bytearray(b"c")])
def test_a_cookie_of_another_type(ec: Authority, cookie: object):
    pair = listening(ec, lambda connection: cookie, lambda connection, cookie: True)
    pair.server.bio_write(pair.client.bio_read(4096))
    with pytest.raises(TypeError):
        pair.server.DTLSv1_listen()


@pytest.mark.parametrize("error", [LookupError("mine"), KeyboardInterrupt(), SystemExit(), asyncio.CancelledError()])
@pytest.mark.parametrize("which", ["generate", "verify"])
def test_an_exception_comes_out(ec: Authority, which: str, error: BaseException):
    def fail(*arguments):
        raise error

    generate, verify = (fail, None) if which == "generate" else (lambda connection: b"c", fail)
    pair = listening(ec, generate, verify)
    pair.server.bio_write(pair.client.bio_read(4096))
    if which == "verify":
        with pytest.raises(SSL.WantReadError):
            pair.server.DTLSv1_listen()
        pair.client.bio_write(pair.server.bio_read(4096))
        step(pair.client)
        pair.server.bio_write(pair.client.bio_read(4096))
    with pytest.raises(type(error)) as raised:
        pair.server.DTLSv1_listen()
    assert raised.value is error


def test_without_callbacks(ec: Authority):
    pair = listening(ec, None, None)
    pair.server.bio_write(pair.client.bio_read(4096))
    with pytest.raises(SSL.Error) as raised:
        pair.server.DTLSv1_listen()
    assert raised.value.args[0][-1][2] == "cookie gen callback failure"


@pytest.mark.parametrize("garbage", [b"x", b"\x16\xfe\xfd" + bytes(10), bytes(2000), b"\x17" * 100])
def test_garbage_is_dropped(ec: Authority, garbage: bytes):
    pair = listening(ec, lambda connection: b"c", lambda connection, cookie: True)
    pair.server.bio_write(garbage)
    with pytest.raises(SSL.WantReadError):
        pair.server.DTLSv1_listen()
    pair.server.bio_write(pair.client.bio_read(4096))
    with pytest.raises(SSL.WantReadError):
        pair.server.DTLSv1_listen()
    assert pair.server.bio_read(4096)[13] == HELLO_VERIFY_REQUEST


def test_not_over_a_stream(ec: Authority):
    """And it is refused before OpenSSL looks: that would begin the connection anew."""
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        with pytest.raises(SSL.Error, match="not a DTLS connection"):
            pair.server.DTLSv1_listen()
        pair.client.send(b"unharmed")
        pair.move()
        assert pair.server.recv(100) == b"unharmed"


def test_the_option_asks_for_a_cookie_too(ec: Authority):
    """OP_COOKIE_EXCHANGE makes the handshake itself ask for one."""
    client_context, server_context = contexts(ec)
    seen = []
    server_context.set_options(SSL.OP_COOKIE_EXCHANGE)
    server_context.set_cookie_generate_callback(lambda connection: b"cookie")
    server_context.set_cookie_verify_callback(lambda connection, cookie: seen.append(cookie) or True)
    client, server = SSL.Connection(client_context), SSL.Connection(server_context)
    client.set_connect_state()
    server.set_accept_state()
    Pair(client, server, "memory").handshake()
    assert seen == [b"cookie"]


@pytest.mark.parametrize("which", ["generate", "verify"])
def test_what_cannot_be_called(which: str):
    with pytest.raises(TypeError, match="callback must be callable"):
        getattr(SSL.Context(SSL.DTLS_METHOD), f"set_cookie_{which}_callback")("text")
