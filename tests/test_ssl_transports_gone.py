"""Connection through a Python object whose peer has left before the handshake's last bytes were sent."""

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.duplex import RecvSend, ends, over


class FaultError(Exception):
    """What an object raises, and nothing else does."""


def left_before_its_tickets(ec: Authority, error: Exception) -> SSL.Connection:
    """Give a server in its handshake whose client is done, has sent something, and has left."""

    class Left(RecvSend):
        def send(self, data: bytes) -> int:
            if self.outgoing.total:
                raise error
            return super().send(data)

    client_end, server_end = ends(blocking=False)
    pair = over(client_context(ec), server_context(ec), client_end, Left(server_end.incoming, server_end.outgoing))
    for connection in (pair.client, pair.server):
        with pytest.raises(SSL.WantReadError):
            connection.do_handshake()
    pair.client.do_handshake()
    pair.client.sendall(b"parting words")
    client_end.close()
    return pair.server


GONE = [BrokenPipeError(32, "EPIPE"), ConnectionResetError(104, "reset"), SSL.SysCallError(32, "EPIPE")]


@pytest.mark.parametrize("error", GONE, ids=repr)
def test_a_client_that_leaves_before_its_tickets(ec: Authority, error: Exception):
    # As with a socket: the handshake is done, and what the client sent can be read.
    server = left_before_its_tickets(ec, error)
    server.do_handshake()
    assert server.recv(100) == b"parting words"
    with pytest.raises(SSL.SysCallError, match="Unexpected EOF"):
        server.recv(100)
    with pytest.raises(type(error)) as caught:
        server.send(b"an answer")
    assert caught.value is error


NOT_GONE = [FaultError(), OSError(5, "EIO"), SSL.SysCallError(5, "EIO"), SSL.SysCallError(), SSL.SysCallError("?")]


@pytest.mark.parametrize("error", NOT_GONE, ids=repr)
def test_tickets_that_cannot_be_sent_for_another_reason(ec: Authority, error: Exception):
    server = left_before_its_tickets(ec, error)
    with pytest.raises(type(error)) as caught:
        server.do_handshake()
    assert caught.value is error
