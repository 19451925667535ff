"""Connection: what it passes on to its socket, and what it does not."""

import socket
from collections.abc import Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.pairs import tcp_sockets
from tests.support.rows import rows


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give two connected TCP sockets."""
    ends = tcp_sockets()
    yield ends
    for end in ends:
        end.close()


@pytest.fixture
def connection(ec: Authority, ends: tuple[socket.socket, socket.socket]) -> SSL.Connection:
    """Give a connection over the first of the sockets, without a handshake."""
    return SSL.Connection(client_context(ec), ends[0])


@rows(261, 269, 270)
def test_names_and_descriptor(connection: SSL.Connection, ends: tuple[socket.socket, socket.socket]):
    assert connection.fileno() == ends[0].fileno()
    assert connection.getsockname() == ends[0].getsockname()
    assert connection.getpeername() == ends[1].getsockname()


@rows(271, 272, 288)
def test_options(connection: SSL.Connection, ends: tuple[socket.socket, socket.socket]):
    for value in (1, 0):
        assert connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, value) is None
        assert ends[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == value
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == value
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 4)
    assert raw == bytes(4)


@rows(287, 318)
def test_blocking_and_timeout(connection: SSL.Connection, ends: tuple[socket.socket, socket.socket]):
    assert connection.gettimeout() is None
    connection.setblocking(False)
    assert ends[0].gettimeout() == 0.0
    connection.settimeout(2.5)
    assert ends[0].gettimeout() == 2.5
    connection.setblocking(True)
    assert connection.getblocking() is True


@rows(251, 262)
def test_bind_and_listen(ec: Authority):
    with socket.socket() as listening:
        connection = SSL.Connection(server_context(ec), listening)
        assert connection.bind(("127.0.0.1", 0)) is None
        assert connection.getsockname()[1] != 0
        assert connection.listen(1) is None
        with socket.create_connection(connection.getsockname()):
            pass


@rows(252)
def test_close(connection: SSL.Connection, ends: tuple[socket.socket, socket.socket]):
    connection.close()
    assert ends[0].fileno() == -1
    assert connection.fileno() == -1
    assert ends[1].recv(1) == b""


@rows(318)
def test_any_other_name_is_the_transports(ec: Authority):
    ours, theirs = socket.socketpair()

    class Transport:
        colour = "green"

        def __init__(self) -> None:
            self.calls: list[object] = []

        def fileno(self) -> int:
            return ours.fileno()

        def custom_method(self, *arguments: object, **named: object) -> str:
            self.calls.append((arguments, named))
            return "called"

    transport = Transport()
    connection = SSL.Connection(client_context(ec), transport)
    assert connection.custom_method(1, two=2) == "called"
    assert transport.calls == [((1,), {"two": 2})]
    assert connection.colour == "green"
    transport.colour = "blue"
    assert connection.colour == "blue"
    ours.close()
    theirs.close()


@rows(318)
def test_an_unknown_name_is_an_attribute_error(connection: SSL.Connection):
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = connection.no_such_name
    assert not hasattr(connection, "no_such_name")
    assert getattr(connection, "no_such_name", "default") == "default"


def test_an_exception_of_the_transports_attribute_comes_out(ec: Authority):
    ours, theirs = socket.socketpair()

    class Transport:
        def fileno(self) -> int:
            return ours.fileno()

        @property
        def broken(self) -> None:
            raise LookupError("from the transport")

    with pytest.raises(LookupError, match="from the transport"):
        _ = SSL.Connection(client_context(ec), Transport()).broken
    ours.close()
    theirs.close()


@rows(319)
def test_the_connections_own_methods_win(connection: SSL.Connection, ends: tuple[socket.socket, socket.socket]):
    # The socket's shutdown takes an argument, and its send would send in the clear.
    with pytest.raises(TypeError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.set_connect_state()
    connection.setblocking(False)
    with pytest.raises(SSL.WantReadError):
        connection.send(b"secret")
    sent = ends[1].recv(65536)
    assert sent[:3] == b"\x16\x03\x01"
    assert b"secret" not in sent


@rows(316, 317)
@pytest.mark.parametrize("method", ["connect", "connect_ex", "accept", "sock_shutdown"])
def test_a_transport_without_the_method(ec: Authority, method: str):
    arguments: tuple[object, ...] = () if method == "accept" else (1,)
    ours, theirs = socket.socketpair()
    with pytest.raises(AttributeError, match=r"."):
        getattr(SSL.Connection(client_context(ec), ours.fileno()), method)(*arguments)
    ours.close()
    theirs.close()


@pytest.mark.parametrize(
    "name",
    ["fileno", "close", "getpeername", "getsockname", "getsockopt", "setsockopt", "setblocking", "bind", "listen"],
)
def test_a_connection_in_memory_has_no_socket_methods(ec: Authority, name: str):
    # C148
    connection = SSL.Connection(client_context(ec), None)
    with pytest.raises(AttributeError, match=name):
        getattr(connection, name)()


@pytest.mark.parametrize("method", ["connect", "connect_ex", "accept", "sock_shutdown"])
def test_a_connection_in_memory_cannot_connect(ec: Authority, method: str):
    # C148
    arguments: tuple[object, ...] = () if method == "accept" else (1,)
    with pytest.raises(AttributeError, match=r"."):
        getattr(SSL.Connection(client_context(ec), None), method)(*arguments)


@rows(313)
def test_no_socket_module_is_needed():
    import subprocess
    import sys

    program = "import sys; sys.modules['socket'] = sys.modules['_socket'] = None; import OpenSSL.SSL as SSL; " + (
        "SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@rows(312)
def test_a_program_written_for_sockets(ec: Authority):
    from tests.support.background import Background

    def serve(listener: SSL.Connection) -> None:
        peer, _ = listener.accept()
        while True:
            try:
                data = peer.recv(1024)
            except SSL.ZeroReturnError:
                break
            peer.sendall(data.upper())
        peer.shutdown()
        peer.close()

    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as connecting:
        listener = SSL.Connection(server_context(ec), listening)
        client = SSL.Connection(client_context(ec), connecting)
        with Background(lambda: serve(listener)):
            client.connect(listener.getsockname())
            client.sendall(b"an echo")
            assert client.recv(1024) == b"AN ECHO"
            client.shutdown()
            client.close()
