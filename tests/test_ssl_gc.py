"""Subclasses, weak references, garbage collection through callback cycles, and objects that outlive others."""

import copy
import gc
import pickle
import socket
import weakref
from collections.abc import Callable

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.pairs import connected, handshake, memory_pair
from tests.support.rows import rows


def answering(answer: object) -> Callable[..., bool]:
    """Make a verify callback that keeps an object alive."""
    return lambda *arguments: bool(answer)


class OwnContext(SSL.Context):
    """A subclass with a signature and attributes of its own."""

    def __init__(self, authority: Authority, *, colour: str) -> None:
        super().__init__(SSL.TLS_METHOD)
        self.colour = colour
        self.get_cert_store().add_cert(authority.root.x509)

    def set_verify(self, mode: int, callback=None) -> str:
        """Override a method of the base class."""
        super().set_verify(mode, callback)
        return "overridden"


class OwnConnection(SSL.Connection):
    """A subclass with a signature and attributes of its own."""

    def __init__(self, *, name: str, context: SSL.Context) -> None:
        super().__init__(context, None)
        self.name = name

    def shout(self, data: bytes) -> int:
        """Send in capitals."""
        return self.send(data.upper())


def test_subclasses(ec: Authority):
    context = OwnContext(ec, colour="green")
    assert context.set_verify(SSL.VERIFY_PEER) == "overridden"
    assert context.colour == "green"
    client = OwnConnection(name="ours", context=context)
    assert client.name == "ours"
    assert client.get_context() is context
    client.set_connect_state()
    server = SSL.Connection(server_context(ec), None)
    server.set_accept_state()
    handshake(client, server)
    assert client.shout(b"hello") == 5
    server.bio_write(client.bio_read(1000))
    assert server.recv(100) == b"HELLO"


def test_subclasses_in_callbacks(ec: Authority):
    seen = []
    context = OwnContext(ec, colour="green")
    context.set_verify(SSL.VERIFY_PEER, lambda connection, *rest: seen.append((connection, connection.name)) or True)
    client = OwnConnection(name="ours", context=context)
    client.set_connect_state()
    server = SSL.Connection(server_context(ec), None)
    server.set_accept_state()
    handshake(client, server)
    assert seen == [(client, "ours")] * 3


def test_a_subclass_that_does_not_call_init():
    # Whatever it is asked then: an exception, and no crash.
    class Forgetful(SSL.Connection):
        def __init__(self, *arguments: object) -> None:
            pass

    class ForgetfulContext(SSL.Context):
        def __init__(self, *arguments: object) -> None:
            pass

    for make, calls in (
        (lambda: Forgetful(), ["do_handshake", "get_context", "get_cipher_list", "pending"]),
        (lambda: ForgetfulContext(), ["get_timeout", "check_privatekey", "get_cert_store"]),
    ):
        try:
            made = make()
        except TypeError:
            continue
        for call in calls:
            with pytest.raises(Exception, match=r"."):
                getattr(made, call)()


def test_attributes_can_be_set():
    context = SSL.Context(SSL.TLS_METHOD)
    context.own = 1
    assert context.own == 1
    connection = SSL.Connection(context, None)
    connection.own = 2
    assert connection.own == 2
    del connection.own
    assert not hasattr(connection, "own")


def test_attributes_come_before_the_sockets():
    one, other = socket.socketpair()
    connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD), one)
    connection.family = "own"
    assert connection.family == "own"
    del connection.family
    assert connection.family == socket.AF_UNIX
    one.close()
    other.close()


def test_weak_references(ec: Authority):
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        session = pair.client.get_session()
        objects = [pair.client.get_context(), pair.client, session, pair.client.get_peer_certificate()]
        references = [weakref.ref(thing) for thing in objects]
        assert [reference() for reference in references] == objects
    weakref.WeakKeyDictionary(dict.fromkeys(objects[:3], 1))
    pair.client = pair.server = None
    del objects, session
    gc.collect()
    assert [reference() for reference in references] == [None] * 4


@rows(305)
def test_a_cycle_through_a_verify_callback_is_collected(ec: Authority):
    # connection -> context -> callback -> connection
    context = client_context(ec)
    cell = []
    context.set_verify(SSL.VERIFY_PEER, answering(cell))
    connection = SSL.Connection(context, None)
    cell.append(connection)
    references = [weakref.ref(context), weakref.ref(connection)]
    gc.collect()
    assert all(reference() is not None for reference in references)
    del context, connection, cell
    gc.collect()
    assert [reference() for reference in references] == [None, None]


def test_a_cycle_through_a_connections_callback_is_collected(ec: Authority):
    connection = SSL.Connection(client_context(ec), None)
    cell = [connection]
    connection.set_verify(SSL.VERIFY_PEER, answering(cell))
    reference = weakref.ref(connection)
    del connection, cell
    gc.collect()
    assert reference() is None


def test_a_cycle_through_application_data_is_collected():
    context, cell = SSL.Context(SSL.TLS_METHOD), []
    context.set_app_data(cell)
    connection = SSL.Connection(context, None)
    cell.append(connection)
    connection.set_app_data([connection, context])
    references = [weakref.ref(context), weakref.ref(connection)]
    del context, connection, cell
    gc.collect()
    assert [reference() for reference in references] == [None, None]


def test_a_cycle_through_an_attribute_and_a_transport_is_collected(ec: Authority):
    ours, theirs = socket.socketpair()

    class Transport:
        def fileno(self) -> int:
            return ours.fileno()

    transport = Transport()
    connection = SSL.Connection(client_context(ec), transport)
    transport.connection = connection
    connection.itself = connection
    references = [weakref.ref(transport), weakref.ref(connection)]
    del transport, connection
    gc.collect()
    assert [reference() for reference in references] == [None, None]
    ours.close()
    theirs.close()


def test_a_cycle_is_collected_after_a_handshake(ec: Authority):
    client = client_context(ec)
    cell = []
    client.set_verify(SSL.VERIFY_PEER, answering(cell))
    pair = memory_pair(client, server_context(ec))
    cell.append(pair)
    pair.handshake()
    references = [weakref.ref(client), weakref.ref(pair.client), weakref.ref(pair.server)]
    del client, pair, cell
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]


def test_a_replaced_callback_is_let_go():
    context = SSL.Context(SSL.TLS_METHOD)

    def callback(*arguments: object) -> bool:
        return True

    context.set_verify(SSL.VERIFY_PEER, callback)
    reference = weakref.ref(callback)
    del callback
    gc.collect()
    assert reference() is not None
    context.set_verify(SSL.VERIFY_PEER, None)
    gc.collect()
    assert reference() is None


def test_a_context_may_go_before_its_connections(ec: Authority):
    client, server = client_context(ec), server_context(ec)
    pair = memory_pair(client, server)
    del client, server
    gc.collect()
    pair.handshake()
    pair.client.send(b"without a name")
    pair.move()
    assert pair.server.recv(100) == b"without a name"


def test_a_callback_that_drops_everything(ec: Authority):
    # The last reference to the connection, but the running call's own, goes away in the callback.
    holder = {}

    def drop(*arguments: object) -> bool:
        holder.clear()
        gc.collect()
        return True

    client = client_context(ec)
    client.set_verify(SSL.VERIFY_PEER, drop)
    holder["pair"] = memory_pair(client, server_context(ec))
    reference = weakref.ref(holder["pair"].client)
    holder["pair"].handshake()
    gc.collect()
    assert reference() is None


def test_the_socket_lives_with_the_connection():
    one, other = socket.socketpair()
    connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD), one)
    reference = weakref.ref(one)
    del one
    gc.collect()
    assert reference() is not None
    assert connection.fileno() >= 0
    connection.close()
    del connection
    gc.collect()
    assert reference() is None
    other.close()


@pytest.mark.parametrize("operation", [pickle.dumps, copy.deepcopy])
def test_what_cannot_be_copied_says_so(operation):
    # C005
    context = SSL.Context(SSL.TLS_METHOD)
    for thing in (context, SSL.Connection(context, None)):
        with pytest.raises(TypeError, match=r"."):
            operation(thing)
