"""TLS inside TLS: a Connection as the transport of a Connection, ours or the standard library's."""

import contextlib
import io
import os
import select
import socket
import ssl
from collections.abc import Callable, Iterator

import pytest
from OpenSSL import SSL, tsafe

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.duplex import RecvSend, collect, converse, ends, over, step
from tests.support.pairs import Pair, carry, connected, memory_pair, receive, socket_pair
from tests.support.rows import rows

DEPTH = 4


@pytest.fixture
def outer(ec: Authority, version: str) -> Iterator[Pair]:
    """Give a pair over blocking sockets, without a handshake: the tunnel."""
    pair = socket_pair(client_context(ec, version), server_context(ec, version))
    yield pair
    pair.close()


def inside(ec: Authority, pair: Pair, version: str | None = None) -> Pair:
    """Join two connections through the two ends of a pair."""
    return over(client_context(ec, version), server_context(ec, version), pair.client, pair.server)


@rows(321)
@pytest.mark.parametrize("inner_version", VERSIONS)
def test_over_sockets(ec: Authority, outer: Pair, version: str, inner_version: str):
    pair = inside(ec, outer, inner_version)
    pair.handshake()
    assert pair.client.get_protocol_version_name() == inner_version
    converse(pair)
    assert outer.client.get_protocol_version_name() == outer.server.get_protocol_version_name() == version
    assert None not in (outer.client.get_cipher_name(), outer.server.get_cipher_name())
    # What was inside is closed; what is around it is not.
    assert outer.client.get_shutdown() == outer.server.get_shutdown() == 0
    converse(outer)


@rows(321)
def test_many_times_over(ec: Authority, outer: Pair):
    pairs = [outer]
    for _ in range(DEPTH):
        pairs.append(inside(ec, pairs[-1]))
    converse(pairs[-1])
    for pair in reversed(pairs[:-1]):
        converse(pair)


def test_nothing_of_it_is_seen_on_the_socket(ec: Authority):
    # The descriptor of the outer connection is there for select, and must not be written to.
    client_socket, wire = socket.socketpair()
    with client_socket, wire:
        outer = SSL.Connection(client_context(ec), client_socket)
        outer.set_connect_state()
        inner = SSL.Connection(client_context(ec), outer)
        inner.set_connect_state()
        outer.set_tlsext_host_name(b"outer.example")
        inner.set_tlsext_host_name(b"inner.example")
        assert inner.fileno() == client_socket.fileno()
        inner.setblocking(False)
        with pytest.raises(SSL.WantReadError):
            inner.do_handshake()
        hello = wire.recv(65536)
        assert hello[:3] == b"\x16\x03\x01"
        assert len(hello) == 5 + int.from_bytes(hello[3:5], "big")
        assert b"outer.example" in hello
        assert b"inner.example" not in hello


@rows(321)
def test_in_memory(ec: Authority, version: str):
    # The inner one says what the outer one needs: its caller carries the ciphertext, and tries again.
    outer = memory_pair(client_context(ec, version), server_context(ec, version))
    pair = inside(ec, outer, version)

    def carried(operation: Callable[[], object]) -> Callable[[], object]:
        def both() -> object:
            try:
                return operation()
            finally:
                carry(outer.client, outer.server)
                carry(outer.server, outer.client)

        return both

    step(carried(pair.client.do_handshake), carried(pair.server.do_handshake))
    data = bytes(range(256)) * 500
    there = step(carried(lambda: pair.client.sendall(data)), carried(collect(pair.server, len(data))))
    assert there == [len(data), data]


def test_a_tunnel_that_has_to_read_before_it_writes(ec: Authority):
    # The outer handshake is not done: to send the inner hello means to read first.
    outer = memory_pair(client_context(ec), server_context(ec))
    client = SSL.Connection(client_context(ec), outer.client)
    client.set_connect_state()
    for _ in range(3):
        with pytest.raises(SSL.WantReadError):
            client.do_handshake()
        assert client.want_read()
    step(
        lambda: (carry(outer.client, outer.server), outer.server.do_handshake()),
        lambda: (carry(outer.server, outer.client), outer.client.do_handshake()),
    )
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    carry(outer.client, outer.server)
    assert outer.server.recv(4096)[:3] == b"\x16\x03\x01", "the hello was not lost"
    with pytest.raises(SSL.WantReadError):
        outer.server.recv(4096)


def test_sockets_that_do_not_block(ec: Authority, outer: Pair):
    for end in outer.sockets():
        end.setblocking(False)
    pair = inside(ec, outer)
    step(pair.client.do_handshake, pair.server.do_handshake)
    data = os.urandom(500_000)
    assert step(lambda: pair.client.sendall(data), collect(pair.server, len(data))) == [len(data), data]
    assert step(lambda: pair.server.sendall(data), collect(pair.client, len(data))) == [len(data), data]


def test_select_tells_when_to_go_on(ec: Authority, outer: Pair):
    # As for any TLS: receive until there is nothing more, then wait for the descriptor.
    pair = inside(ec, outer)
    pair.handshake()
    pair.client.setblocking(False)
    data = os.urandom(300_000)
    received = bytearray()
    with Background(lambda: pair.server.sendall(data)):
        while len(received) < len(data):
            try:
                received += pair.client.recv(65536)
            except SSL.WantReadError:
                assert select.select([pair.client], [], [], 10)[0]
    assert received == data


def test_full_duplex(ec: Authority, outer: Pair):
    pair = inside(ec, outer)
    pair.handshake()
    data = os.urandom(4_000_000)
    with (
        Background(lambda: receive(pair.server, len(data))) as at_server,
        Background(lambda: receive(pair.client, len(data))) as at_client,
        Background(lambda: pair.server.sendall(data)),
        Background(lambda: pair.client.sendall(data)),
    ):
        assert at_server.result() == at_client.result() == data


@pytest.mark.parametrize("abrupt", [False, True])
def test_the_end_of_the_tunnel(ec: Authority, outer: Pair, abrupt: bool):
    pair = inside(ec, outer)
    pair.handshake()
    pair.server.send(b"x")
    assert pair.client.recv(1) == b"x"
    if abrupt:
        outer.sockets()[1].close()
    else:
        outer.server.shutdown()
    # Clean or not, for what is inside it is no clean end.
    with pytest.raises(SSL.SysCallError) as caught:
        pair.client.recv(1)
    assert caught.value.args == (-1, "Unexpected EOF")


def test_an_error_of_the_tunnel_comes_out(ec: Authority, stranger: Authority):
    outer = socket_pair(client_context(stranger), server_context(ec))
    client = SSL.Connection(client_context(ec), outer.client)
    client.set_connect_state()

    def serve() -> None:
        with pytest.raises(SSL.Error, match="unknown ca"):
            outer.server.do_handshake()

    with Background(serve), pytest.raises(SSL.Error, match="certificate verify failed"):
        client.do_handshake()
    outer.close()


def test_a_subclass_is_used_by_its_own_methods(ec: Authority, version: str):
    class Counting(SSL.Connection):
        received = sent = 0

        def recv(self, *arguments: object) -> bytes:
            data = super().recv(*arguments)
            self.received += len(data)
            return data

        def send(self, *arguments: object) -> int:
            count = super().send(*arguments)
            self.sent += count
            return count

    one, other = socket.socketpair()
    outer = Counting(client_context(ec, version), one), Counting(server_context(ec, version), other)
    outer[0].set_connect_state()
    outer[1].set_accept_state()
    converse(inside(ec, Pair(*outer, "unix")))
    assert outer[0].sent == outer[1].received > 500_000
    assert outer[1].sent == outer[0].received > 500_000
    one.close()
    other.close()


def test_tsafe_is_one_too(ec: Authority):
    one, other = socket.socketpair()
    outer = tsafe.Connection(client_context(ec), one), tsafe.Connection(server_context(ec), other)
    outer[0].set_connect_state()
    outer[1].set_accept_state()
    converse(inside(ec, Pair(*outer, "unix")))
    one.close()
    other.close()


def test_attributes_go_all_the_way_down(ec: Authority, outer: Pair):
    pair = inside(ec, inside(ec, outer))
    assert pair.client.getsockname() == outer.sockets()[0].getsockname()
    pair.client.settimeout(5)
    assert outer.sockets()[0].gettimeout() == 5
    pair.client.close()
    assert outer.sockets()[0].fileno() == -1


@contextlib.contextmanager
def stdlib_tunnel(ec: Authority) -> Iterator[tuple[ssl.SSLSocket, ssl.SSLSocket]]:
    """Give two ends of a tunnel of the standard library's, the handshake done."""
    one, other = socket.socketpair()
    client = ssl.create_default_context(cadata=ec.root.cert_pem.decode())
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(ec.chain_file(ec.server), ec.server.key_file)
    with (
        Background(lambda: server.wrap_socket(other, server_side=True)) as accepting,
        client.wrap_socket(one, server_hostname="localhost") as near,
        accepting.result() as far,
    ):
        yield near, far


@rows(321)
def test_inside_the_standard_librarys_tls(ec: Authority, version: str):
    with stdlib_tunnel(ec) as (near, far):
        converse(over(client_context(ec, version), server_context(ec, version), near, far))
        near.sendall(b"outside again")
        assert far.recv(100) == b"outside again"


def test_inside_the_standard_librarys_tls_without_blocking(ec: Authority):
    with stdlib_tunnel(ec) as (near, far):
        near.setblocking(False)
        far.setblocking(False)
        pair = over(client_context(ec), server_context(ec), near, far)
        step(pair.client.do_handshake, pair.server.do_handshake)
        data = os.urandom(300_000)
        assert step(lambda: pair.client.sendall(data), collect(pair.server, len(data))) == [len(data), data]


def test_the_standard_librarys_ssl_need_not_be_there():
    # And what stands in its place does no harm.
    import subprocess
    import sys

    program = """
import socket, sys
from OpenSSL import SSL
context = SSL.Context(SSL.TLS_METHOD)
for stand_in in (None, 7, type(sys)("ssl")):
    sys.modules["ssl"] = stand_in
    one, other = socket.socketpair()
    client = SSL.Connection(context, one)
    client.set_connect_state()
    one.setblocking(False)
    try:
        client.do_handshake()
    except SSL.WantReadError:
        assert other.recv(3) == b"\\x16\\x03\\x01"
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@rows(321)
@pytest.mark.parametrize("buffering", [0, -1])
def test_through_the_files_of_a_tls_connection(ec: Authority, buffering: int):
    # They pass on the descriptor, which is the wrong way for what is inside.
    with connected(client_context(ec), server_context(ec), "unix") as outer, contextlib.ExitStack() as stack:
        four = [
            stack.enter_context(end.makefile(mode, buffering))
            for end in (outer.client, outer.server)
            for mode in ("rb", "wb")
        ]
        assert four[0].fileno() == outer.client.fileno()
        client, server = (
            SSL.Connection(context, *two)
            for context, two in ((client_context(ec), four[:2]), (server_context(ec), four[2:]))
        )
        client.set_connect_state()
        server.set_accept_state()
        converse(Pair(client, server, "split"))
        for file in four:
            file.flush()
        outer.client.send(b"outside")
        assert outer.server.recv(100) == b"outside"


@pytest.mark.parametrize("buffering", [0, -1])
def test_through_the_files_of_the_standard_librarys_tls(ec: Authority, buffering: int):
    with stdlib_tunnel(ec) as (near, far), contextlib.ExitStack() as stack:
        four = [stack.enter_context(end.makefile(mode, buffering)) for end in (near, far) for mode in ("rb", "wb")]
        assert isinstance(four[0], io.RawIOBase if buffering == 0 else io.BufferedReader)
        client = SSL.Connection(client_context(ec), *four[:2])
        server = SSL.Connection(server_context(ec), *four[2:])
        client.set_connect_state()
        server.set_accept_state()
        converse(Pair(client, server, "split"))
        near.sendall(b"outside")
        assert far.recv(100) == b"outside"


def test_tls_as_a_callers_own_object(ec: Authority, outer: Pair):
    # What is wrapped around a Connection, and hides its descriptor.
    class Wrapper(RecvSend):
        def __init__(self, connection: SSL.Connection) -> None:
            self.recv = connection.recv
            self.send = connection.send

    converse(over(client_context(ec), server_context(ec), Wrapper(outer.client), Wrapper(outer.server)))


def test_a_tunnel_over_objects(ec: Authority, version: str):
    # Python objects, TLS, TLS.
    converse(inside(ec, over(client_context(ec, version), server_context(ec, version), *ends(RecvSend)), version))
