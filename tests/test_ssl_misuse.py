"""Connection used in ways that make no sense: documented exceptions, no crash, no hang.

Methods in any order with any arguments, on every kind of connection; from inside each callback; while another thread
closes the descriptor.
"""

import contextlib
import random
import socket
from collections.abc import Callable, Iterator, Sequence

import pytest
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, identify, server_context, trust
from tests.support.datagrams import dtls_contexts, udp_sockets
from tests.support.pairs import Pair, connected, memory_pair

# What the documentation of one method or another names; OSError and AttributeError come from the socket.
DOCUMENTED = (
    SSL.Error,
    TypeError,
    ValueError,
    OverflowError,
    BufferError,
    NotImplementedError,
    OSError,
    AttributeError,
)

# That str is taken for bytes here and there.
pytestmark = pytest.mark.filterwarnings("ignore:str for:DeprecationWarning")

METHODS = sorted(
    name
    for name in dir(SSL.Connection)
    if not name.startswith("_") and callable(getattr(SSL.Connection, name)) and name != "close"
)


def arguments(authority: Authority) -> list[object]:
    """Things to call methods with; many of them are right somewhere."""
    numbers = [0, 1, 2, 5, 100, 16_384, 70_000, -1, 1 << 31, 1 << 70, 0.5, True]
    buffers = [
        b"",
        b"x",
        b"localhost",
        bytes(20_000),
        bytearray(100),
        memoryview(bytes(10)),
        memoryview(bytes(10))[::2],
    ]
    texts = ["", "text", "rb"]
    containers = [[], [b"a", b"bc"], [b""], {}, ("127.0.0.1", 0)]
    ours = [client_context(authority), SSL.Session(), authority.server.x509, authority.server.pkey, crypto.PKey()]
    others = [None, object(), lambda *args: True, authority.client.certificate, authority.client.key]
    return [*numbers, *buffers, *texts, *containers, *ours, *others]


def attempt(connection: SSL.Connection, name: str, given: Sequence[object]) -> Exception | None:
    """Call the method; the documented exception that it raises, or none."""
    raised: Exception | None = None
    try:
        getattr(connection, name)(*given)
    except DOCUMENTED as error:
        raised = error
    if raised is not None:
        # It says something, unless its class says it all.
        assert raised.args or isinstance(raised, SSL.WantReadError | SSL.WantWriteError | SSL.ZeroReturnError)
        assert type(raised) is not SSL.Error or raised.args[0]
    return raised


Ends = tuple[SSL.Connection, SSL.Connection]


@contextlib.contextmanager
def ends(authority: Authority, kind: str) -> Iterator[Ends]:
    """Give two connections of one kind, none of which waits."""
    with contextlib.ExitStack() as stack:
        if "datagrams" in kind:
            client, server = dtls_contexts(authority)
        else:
            client, server = client_context(authority), server_context(authority)
        sockets: tuple[socket.socket | None, socket.socket | None] = (None, None)
        if kind == "sockets":
            sockets = socket.socketpair()
        elif kind == "datagrams over UDP":
            sockets = stack.enter_context(udp_sockets())
        for end in sockets:
            if end is not None:
                stack.enter_context(end)
                end.setblocking(False)
        yield SSL.Connection(client, sockets[0]), SSL.Connection(server, sockets[1])


def carry(one: SSL.Connection, other: SSL.Connection) -> None:
    for source, target in ((one, other), (other, one)):
        with contextlib.suppress(*DOCUMENTED):
            target.bio_write(source.bio_read(1 << 20))


@pytest.mark.parametrize("kind", ["memory", "sockets", "datagrams", "datagrams over UDP"])
def test_any_method_in_any_order(ec: Authority, kind: str):
    given = arguments(ec)
    raised = set()
    returned = set()
    for seed in range(300):
        fate = random.Random(seed)
        with ends(ec, kind) as (client, server):
            # Half of the time something sensible has been done before.
            if fate.random() < 0.5:
                client.set_connect_state()
                server.set_accept_state()
                for _ in range(fate.randrange(6)):
                    for connection in (client, server):
                        attempt(connection, "do_handshake", [])
                    carry(client, server)
            for _ in range(40):
                connection = fate.choice([client, server])
                name = fate.choice(METHODS)
                error = attempt(connection, name, fate.choices(given, k=fate.choice([0, 1, 1, 1, 2, 3])))
                if error is None:
                    returned.add(name)
                else:
                    raised.add(type(error))
                carry(client, server)
    # The walk has come by everything.
    assert {SSL.Error, SSL.WantReadError, TypeError, ValueError} <= raised
    assert len(returned) > len(METHODS) * 0.6


CALLBACKS = ["verify", "info", "keylog", "name", "alpn", "ocsp server", "ocsp client"]


def with_callback(
    authority: Authority, which: str, call: Callable[[SSL.Connection], None]
) -> tuple[SSL.Context, SSL.Context]:
    """Make contexts that have this one callback."""
    client, server = client_context(authority), server_context(authority)

    def listening(connection: SSL.Connection, *args: object) -> bool:
        call(connection)
        return True

    if which == "verify":
        client.set_verify(SSL.VERIFY_PEER, listening)
    elif which == "info":
        client.set_info_callback(listening)
        server.set_info_callback(listening)
    elif which == "keylog":
        server.set_keylog_callback(listening)
    elif which == "name":
        server.set_tlsext_servername_callback(listening)
    elif which == "alpn":
        client.set_alpn_protos([b"one"])
        server.set_alpn_select_callback(lambda connection, offered: [call(connection), b"one"][1])
    elif which == "ocsp server":
        server.set_ocsp_server_callback(lambda connection, data: [call(connection), b"staple"][1])
    elif which == "ocsp client":
        client.set_ocsp_client_callback(listening)
    return client, server


@pytest.mark.parametrize("kind", ["memory", "unix"])
@pytest.mark.parametrize("which", CALLBACKS)
def test_any_method_from_inside_a_callback(ec: Authority, which: str, kind: str):
    # On the connection that is in the middle of its handshake.
    given = arguments(ec)
    called = []
    for number, name in enumerate(METHODS):
        fate = random.Random(number)

        def call(connection: SSL.Connection, name: str = name, fate: random.Random = fate) -> None:
            called.append(name)
            attempt(connection, name, fate.choices(given, k=fate.choice([0, 0, 1])))

        client, server = with_callback(ec, which, call)
        if kind == "memory":
            pair = memory_pair(client, server)
        else:
            one, other = socket.socketpair()
            pair = Pair(SSL.Connection(client, one), SSL.Connection(server, other), kind, one, other)
            for end in (one, other):
                end.setblocking(False)
            pair.client.set_connect_state()
            pair.server.set_accept_state()
        pair.client.set_tlsext_host_name(b"localhost")
        pair.client.request_ocsp()
        for _ in range(8):
            for connection in (pair.client, pair.server):
                attempt(connection, "do_handshake", [])
            if kind == "memory":
                carry(pair.client, pair.server)
        pair.close()
    assert set(called) == set(METHODS)


def test_the_state_machine_is_not_entered_twice(ec: Authority):
    # Sending, receiving, shaking hands and taking sides are refused inside a callback; looking around is not.
    answers: dict[str, BaseException | None] = {}

    def call(connection: SSL.Connection) -> None:
        for name, given in (
            ("send", [b"x"]),
            ("recv", [1]),
            ("do_handshake", []),
            ("shutdown", []),
            ("set_accept_state", []),
            ("get_cipher_name", []),
            ("get_state_string", []),
            ("client_random", []),
        ):
            answers[name] = attempt(connection, name, given)

    client, server = with_callback(ec, "verify", call)
    with connected(client, server, "memory") as pair:
        pair.client.send(b"unharmed")
        pair.move()
        assert pair.server.recv(100) == b"unharmed"
    refused = {name for name, error in answers.items() if error is not None}
    assert refused == {"send", "recv", "do_handshake", "shutdown", "set_accept_state"}
    assert all(type(answers[name]) is SSL.Error for name in refused)


def test_a_callback_that_drops_and_closes_everything(ec: Authority):
    # The last references go while C is in the middle of the connection.
    kept: list[object] = []

    def call(connection: SSL.Connection) -> None:
        kept.clear()
        connection.set_app_data(None)
        connection.set_verify(SSL.VERIFY_NONE)
        with pytest.raises(SSL.Error, match="too late"):
            connection.set_context(SSL.Context(SSL.TLS_METHOD))
        with contextlib.suppress(AttributeError):
            connection.close()

    for kind in ("memory", "unix"):
        client, server = with_callback(ec, "verify", call)
        if kind == "memory":
            pair = memory_pair(client, server)
        else:
            one, other = socket.socketpair()
            pair = Pair(SSL.Connection(client, one), SSL.Connection(server, other), kind, one, other)
            pair.client.set_connect_state()
            pair.server.set_accept_state()
        kept.extend([client, pair.client.get_context()])
        del client
        with Background(lambda pair=pair: attempt(pair.server, "do_handshake", []) if pair.kind == "unix" else None):
            if kind == "memory":
                with contextlib.suppress(*DOCUMENTED):
                    pair.handshake()
            else:
                assert attempt(pair.client, "do_handshake", []) is not None
            pair.close()


@pytest.mark.parametrize("operation", ["recv", "sendall", "do_handshake"])
def test_the_descriptor_goes_while_threads_are_at_work(ec: Authority, operation: str):
    # Shut down first, or a thread that waits in the kernel would not hear of it, as with plain sockets.
    for _ in range(20):
        one, other = socket.socketpair()
        client, server = SSL.Connection(client_context(ec), one), SSL.Connection(server_context(ec), other)
        client.set_connect_state()
        server.set_accept_state()
        if operation != "do_handshake":
            Pair(client, server, "unix").handshake()
        given: list[object] = {"recv": [100], "sendall": [bytes(1 << 22)], "do_handshake": []}[operation]
        workers = [Background(lambda end=client, given=given: attempt(end, operation, given)) for _ in range(3)]
        one.shutdown(socket.SHUT_RDWR)
        errors = [worker.result() for worker in workers]
        one.close()
        other.close()
        assert all(isinstance(error, SSL.Error) for error in errors)
        for name in ("send", "recv", "do_handshake", "shutdown"):
            attempt(client, name, [[b"x"], [1], [], []][("send", "recv", "do_handshake", "shutdown").index(name)])


def test_a_connection_that_was_not_made(ec: Authority):
    # A subclass may forget to call __init__.
    class Forgetful(SSL.Connection):
        def __init__(self) -> None:
            pass

    given = arguments(ec)
    for number, name in enumerate(METHODS):
        fate = random.Random(number)
        for count in (0, 1, 2):
            attempt(Forgetful(), name, fate.choices(given, k=count))
    with pytest.raises(TypeError, match=r"__init__"):
        Forgetful().recv(1)


def test_after_an_error_every_method_still_answers(ec: Authority):
    given = arguments(ec)
    client, server = client_context(ec), server_context(ec)
    identify(client, ec, ec.client)
    trust(server, ec)
    for broken in ("handshake", "record", "end"):
        pair = memory_pair(client, server)
        if broken != "handshake":
            pair.handshake()
        garbage = {"handshake": b"no TLS", "record": b"\x17\x03\x03\0\x20" + bytes(32), "end": b""}[broken]
        if garbage:
            pair.client.bio_write(garbage)
        pair.client.bio_shutdown()
        with pytest.raises(SSL.Error):
            pair.client.recv(1)
        for number, name in enumerate(METHODS):
            fate = random.Random(number)
            for count in (0, 1, 2):
                attempt(pair.client, name, fate.choices(given, k=count))
