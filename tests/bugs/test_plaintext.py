"""Rules: plaintext is what came through the handshake and its keys; nothing before, after or beside it ever is.

Bug class: plaintext before or after TLS.
"""

import contextlib

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.failing import handshake_errors
from tests.support.pairs import carry, connected, memory_pair

INJECTED = b"MAIL FROM:<attacker@example.org>\r\n"


def record(kind: int, content: bytes) -> bytes:
    """Return a record without any protection."""
    return bytes([kind, 3, 3]) + len(content).to_bytes(2) + content


def drained(connection: SSL.Connection) -> bytes:
    """Receive until the connection says no; return what came."""
    got = b""
    with contextlib.suppress(SSL.Error):
        while True:
            got += connection.recv(4096)
    return got


def test_plaintext_before_tls(ec: Authority, version: str):
    """A command in front of the hello, as it comes with STARTTLS in one packet: no TLS, and not delivered."""
    pair = memory_pair(client_context(ec, version), server_context(ec, version))
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    pair.server.bio_write(INJECTED + pair.client.bio_read(4096))
    with pytest.raises(SSL.Error) as caught:
        pair.server.do_handshake()
    assert type(caught.value) is SSL.Error
    assert drained(pair.server) == b""


@pytest.mark.parametrize("after", [0, 1])
def test_plaintext_before_tls_in_a_record(ec: Authority, version: str, after: int):
    """It looks like data, before the hello or right after it: the handshake fails, and it is not delivered."""
    pair = memory_pair(client_context(ec, version), server_context(ec, version))
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    parts = [record(23, INJECTED)]
    parts.insert(1 - after, pair.client.bio_read(4096))
    pair.server.bio_write(b"".join(parts))
    errors = handshake_errors(pair)
    assert type(errors["server"]) is SSL.Error
    assert drained(pair.server) == b""


@pytest.mark.parametrize("kind", [20, 21, 22, 23, 24])
def test_plaintext_after_tls_has_begun(ec: Authority, version: str, kind: int):
    """Records without protection between those that have it; a close_notify too, which would cut the data off."""
    content = b"\x01\x00" if kind == 21 else INJECTED
    with connected(client_context(ec, version), server_context(ec, version), "memory") as pair:
        pair.client.send(b"genuine")
        carry(pair.client, pair.server)
        pair.server.bio_write(record(kind, content))
        assert pair.server.recv(100) == b"genuine"
        with pytest.raises(SSL.Error) as caught:
            pair.server.recv(100)
        assert type(caught.value) is SSL.Error
        assert drained(pair.server) == b""
        # It was no end of the peer's, nor does it become one.
        assert not pair.server.get_shutdown() & SSL.RECEIVED_SHUTDOWN


def test_plaintext_after_tls(ec: Authority, version: str):
    """What follows the close_notify is no data of this connection."""
    with connected(client_context(ec, version), server_context(ec, version), "memory") as pair:
        pair.client.send(b"genuine")
        pair.client.shutdown()
        carry(pair.client, pair.server)
        pair.server.bio_write(INJECTED + record(23, INJECTED))
        assert pair.server.recv(100) == b"genuine"
        for _ in range(3):
            with pytest.raises(SSL.ZeroReturnError):
                pair.server.recv(100)


def test_plaintext_after_tls_was_cut_off(ec: Authority, version: str):
    """The end of the stream without a close_notify is an error, never the end of the data."""
    with connected(client_context(ec, version), server_context(ec, version), "unix") as pair:
        client_socket, _ = pair.sockets()
        pair.client.send(b"pay 100")
        client_socket.close()
        assert pair.server.recv(100) == b"pay 100"
        with pytest.raises(SSL.SysCallError, match=r"Unexpected EOF|ECONNRESET"):
            pair.server.recv(100)
