"""Connection through a Python object that fails: what it raises, wrong results, and how the call is taken up again."""

import asyncio
import io
import itertools
import ssl
from collections.abc import Callable

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.duplex import STYLES, End, Read1Write, RecvSend, ends, over
from tests.support.pairs import receive
from tests.support.rows import rows


class FaultError(Exception):
    """What an object raises, and nothing else does."""


class Stop(BaseException):
    """What is no error: it must not be swallowed anywhere."""


RAISED = [
    FaultError("out of order"),
    OSError(5, "EIO"),
    ConnectionResetError(104, "reset"),
    TimeoutError("timed out"),
    InterruptedError(4, "interrupted"),
    EOFError(),
    StopIteration(),
    SSL.SysCallError(104, "ECONNRESET"),
    SSL.Error([("a", "b", "c")]),
    ssl.SSLError("of the other module"),
    KeyboardInterrupt(),
    SystemExit(3),
    asyncio.CancelledError(),
    GeneratorExit(),
    Stop(),
]

READING = {"recv": "RecvSend", "recv_into": "RecvIntoSend", "read": "ReadWrite", "readinto": "ReadintoWrite"}
WRITING = {"send": "RecvSend", "write": "ReadWrite", "flush": "Read1Write"}
METHODS = {**READING, "read1": "Read1Write", **WRITING}


def replacing(style: type[End], method: str, instead: Callable[..., object]) -> type[End]:
    """Make a kind of object with another method in the place of its own."""
    return type("Replaced", (style,), {method: lambda self, *arguments: instead(*arguments)})


def client_over(ec: Authority, style: type[End]) -> SSL.Connection:
    """Give a client over such an object, which does not block; nobody is at the other end."""
    client = SSL.Connection(client_context(ec), ends(style, blocking=False)[0])
    client.set_connect_state()
    return client


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("method", METHODS)
def test_an_exception_comes_out_unchanged(ec: Authority, method: str, error: BaseException):
    def instead(*arguments: object) -> None:
        raise error

    client = client_over(ec, replacing(STYLES[METHODS[method]], method, instead))
    for _ in range(2):
        with pytest.raises(type(error)) as caught:
            client.do_handshake()
        assert caught.value is error
        assert error.__cause__ is error.__context__ is None
        assert "instead" in [entry.name for entry in caught.traceback]


@pytest.mark.parametrize("error", [FaultError(), KeyboardInterrupt(), Stop(), SSL.ZeroReturnError()])
@pytest.mark.parametrize("name", ["fileno", "recv", "send", "flush"])
def test_an_exception_of_the_attribute_comes_out_unchanged(ec: Authority, name: str, error: BaseException):
    class Raising:
        def __getattr__(self, asked: str) -> object:
            if asked == name:
                raise error
            if asked == "fileno":
                raise AttributeError
            return lambda *arguments: None

    with pytest.raises(type(error)) as caught:
        SSL.Connection(client_context(ec), Raising())
    assert caught.value is error


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (BlockingIOError(), SSL.WantWriteError),
        (BlockingIOError(11, "EAGAIN"), SSL.WantWriteError),
        (SSL.WantReadError(), SSL.WantReadError),
        (SSL.WantWriteError(), SSL.WantWriteError),
        (ssl.SSLWantReadError(), SSL.WantReadError),
        (ssl.SSLWantWriteError(), SSL.WantWriteError),
    ],
    ids=repr,
)
@pytest.mark.parametrize("method", WRITING)
def test_what_means_not_now_in_writing(ec: Authority, method: str, error: Exception, wanted: type[Exception]):
    def instead(*arguments: object) -> None:
        raise error

    client = client_over(ec, replacing(STYLES[WRITING[method]], method, instead))
    for _ in range(3):
        with pytest.raises(wanted):
            client.do_handshake()
        assert client.want_read() is (wanted is SSL.WantReadError)
        assert client.want_write() is (wanted is SSL.WantWriteError)


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (BlockingIOError(), SSL.WantReadError),
        (SSL.WantReadError(), SSL.WantReadError),
        (SSL.WantWriteError(), SSL.WantWriteError),
        (ssl.SSLWantReadError(), SSL.WantReadError),
        (ssl.SSLWantWriteError(), SSL.WantWriteError),
    ],
    ids=repr,
)
@pytest.mark.parametrize("method", READING)
def test_what_means_not_now_in_reading(ec: Authority, method: str, error: Exception, wanted: type[Exception]):
    def instead(*arguments: object) -> None:
        raise error

    client = client_over(ec, replacing(STYLES[READING[method]], method, instead))
    for _ in range(3):
        with pytest.raises(wanted):
            client.do_handshake()
        assert client.want_write() is (wanted is SSL.WantWriteError)


@pytest.mark.parametrize("method", READING)
def test_the_end_of_another_tls_is_an_end(ec: Authority, method: str):
    def instead(*arguments: object) -> None:
        raise SSL.ZeroReturnError

    with pytest.raises(SSL.SysCallError, match="Unexpected EOF"):
        client_over(ec, replacing(STYLES[READING[method]], method, instead)).do_handshake()


@pytest.mark.parametrize("method", WRITING)
def test_no_end_in_writing(ec: Authority, method: str):
    error = SSL.ZeroReturnError()

    def instead(*arguments: object) -> None:
        raise error

    with pytest.raises(SSL.ZeroReturnError) as caught:
        client_over(ec, replacing(STYLES[WRITING[method]], method, instead)).do_handshake()
    assert caught.value is error


class Hostile(int):
    """A number whose conversions and texts raise."""

    def __repr__(self) -> str:
        raise FaultError

    __str__ = __index__ = __format__ = __repr__


@pytest.mark.parametrize(
    ("method", "result", "error", "text"),
    [
        ("recv", "text", TypeError, r"recv\(\) must return bytes, not str"),
        ("recv", 7, TypeError, r"recv\(\) must return bytes, not int"),
        ("recv", [b"x"], TypeError, r"recv\(\) must return bytes, not list"),
        ("recv", memoryview(b"abcdef")[::2], TypeError, r"recv\(\) must return bytes, not memoryview"),
        ("recv", bytes(6), ValueError, r"recv\(5\) returned 6 bytes"),
        ("recv", bytearray(1 << 20), ValueError, r"recv\(5\) returned 1048576 bytes"),
        ("read", "text", TypeError, r"read\(\) must return bytes, not str"),
        ("read", bytes(6), ValueError, r"read\(5\) returned 6 bytes"),
        ("read1", bytes(6), ValueError, r"read1\(5\) returned 6 bytes"),
        ("recv_into", b"x", TypeError, r"recv_into\(\) must return an int, not bytes"),
        ("recv_into", 2.0, TypeError, r"recv_into\(\) must return an int, not float"),
        ("recv_into", 6, ValueError, r"recv_into\(\) gave 6 as its count, which must be between 0 and 5"),
        ("recv_into", -1, ValueError, r"recv_into\(\) gave -1 as its count"),
        ("recv_into", 1 << 64, ValueError, r"recv_into\(\) gave more than 64 bits as its count"),
        ("readinto", -(1 << 63), ValueError, r"readinto\(\) gave -9223372036854775808 as its count"),
        ("readinto", 6, ValueError, r"readinto\(\) gave 6 as its count"),
        ("send", None, TypeError, r"send\(\) must return an int, not NoneType"),
        ("send", b"x", TypeError, r"send\(\) must return an int, not bytes"),
        ("send", -1, ValueError, r"send\(\) gave -1 as its count"),
        ("send", 1 << 20, ValueError, r"send\(\) gave 1048576 as its count"),
        ("send", 1 << 80, ValueError, r"send\(\) gave more than 64 bits as its count"),
        ("write", "1", TypeError, r"write\(\) must return an int, not str"),
        ("write", 1 << 20, ValueError, r"write\(\) gave 1048576 as its count"),
    ],
)
def test_a_wrong_result(ec: Authority, method: str, result: object, error: type[Exception], text: str):
    client = client_over(ec, replacing(STYLES[METHODS[method]], method, lambda *arguments: result))
    with pytest.raises(error, match=text):
        client.do_handshake()


@pytest.mark.parametrize("method", ["send", "recv_into"])
def test_a_result_that_raises(ec: Authority, method: str):
    # Nothing of it is used but the number.
    client = client_over(ec, replacing(STYLES[METHODS[method]], method, lambda *arguments: Hostile(1 << 20)))
    with pytest.raises(ValueError, match="gave 1048576 as its count"):
        client.do_handshake()


@pytest.mark.parametrize(("written", "error"), [(-2, ValueError), (1 << 20, ValueError)])
def test_a_wrong_count_in_an_exception(ec: Authority, written: int, error: type[Exception]):
    def write(data: bytes) -> int:
        raise BlockingIOError(11, "EAGAIN", written)

    with pytest.raises(error, match=r"write\(\) gave -?\d+ as its count"):
        client_over(ec, replacing(STYLES["ReadWrite"], "write", write)).do_handshake()


def test_what_a_buffered_file_took_before_it_would_block(ec: Authority):
    # It says so in its exception; to write that again would send it twice.
    class Half(RecvSend):
        def send(self, data: bytes) -> int:
            raise BlockingIOError(11, "EAGAIN", super().send(data[: (len(data) + 1) // 2]))

    pair = over(client_context(ec), server_context(ec), *ends(Half))
    pair.handshake()
    pair.client.sendall(bytes(100_000))
    assert receive(pair.server, 100_000) == bytes(100_000)


def test_an_object_that_keeps_its_buffer(ec: Authority):
    # The next one is another; what is done to the first later does no harm.
    class Keeping(STYLES["RecvIntoSend"]):
        kept: list[memoryview]

        def recv_into(self, buffer: memoryview) -> int:
            for earlier in self.kept:
                earlier[:] = b"\xff" * len(earlier)
            self.kept.append(buffer)
            with pytest.raises((BufferError, AttributeError)):
                buffer.obj.clear()
            return super().recv_into(buffer)

    client_end, server_end = ends(Keeping)
    client_end.kept, server_end.kept = [], []
    pair = over(client_context(ec), server_context(ec), client_end, server_end)
    pair.handshake()
    pair.server.sendall(bytes(50_000))
    assert receive(pair.client, 50_000) == bytes(50_000)


@rows(315)
@pytest.mark.parametrize(
    ("made", "text"),
    [
        (object, "'object' object cannot be the transport.*none of recv"),
        (list, "'list' object"),
        (str, "'str' object"),
        (lambda: 1.5, "'float' object"),
        (lambda: 1 << 40, "must be an int"),
        (lambda: type("Reader", (), {"recv": lambda self, n: b""})(), "neither send"),
        (lambda: type("Writer", (), {"send": lambda self, b: 1})(), "none of recv"),
        (lambda: type("Names", (), {"recv": 1, "read": None, "send": "x", "write": 2})(), "none of recv"),
        (lambda: type("Number", (), {"fileno": lambda self: "1"})(), "must be an int"),
        (lambda: type("Number", (), {"fileno": lambda self: None})(), "must be an int"),
        (lambda: type("Number", (), {"fileno": lambda self: 1 << 40})(), "must be an int"),
        (lambda: type("Asking", (), {"fileno": lambda self, what: 1})(), "argument"),
    ],
)
def test_what_cannot_be_a_transport(ec: Authority, made: Callable[[], object], text: str):
    with pytest.raises(TypeError, match=text):
        SSL.Connection(client_context(ec), made())


def test_a_negative_descriptor(ec: Authority):
    for number in (-1, type("Closed", (), {"fileno": lambda self: -1})()):
        with pytest.raises(ValueError, match="negative"):
            SSL.Connection(client_context(ec), number)


def test_a_text_file(ec: Authority):
    class Text(io.StringIO):
        pass

    client = SSL.Connection(client_context(ec), Text())
    client.set_connect_state()
    with pytest.raises(TypeError, match="string argument expected"):
        client.do_handshake()


class Faulty:
    """Counts the calls, and raises at one of them, before it does anything."""

    def __init__(self, at: int, error: BaseException) -> None:
        self.calls = 0
        self.at = at
        self.error = error

    def faulty(self, style: type[End]) -> type[End]:
        """Make a kind of object that does so."""

        def wrap(method: str) -> Callable[..., object]:
            def call(end: End, *arguments: object) -> object:
                self.calls += 1
                if self.calls - 1 == self.at:
                    raise self.error
                return getattr(style, method)(end, *arguments)

            return call

        return type("Faulty", (style,), {method: wrap(method) for method in METHODS if hasattr(style, method)})

    def retried(self, operation: Callable[[], object]) -> object:
        """Do it, and once more where it failed with the exception."""
        try:
            return operation()
        except type(self.error) as error:
            if error is not self.error:
                raise
            return operation()


def whole(faulty: Faulty, client: SSL.Connection) -> None:
    """Do one of each, by itself."""
    faulty.retried(client.do_handshake)
    assert faulty.retried(lambda: client.send(b"question")) == 8
    assert faulty.retried(lambda: client.sendall(b"more" * 50_000)) == 200_000
    assert faulty.retried(lambda: client.recv(6)) == b"answer"
    assert faulty.retried(client.shutdown) is False
    assert faulty.retried(client.shutdown) is True


def without_handshake(faulty: Faulty, client: SSL.Connection) -> None:
    """Let the others do the handshake."""
    assert faulty.retried(lambda: client.recv(6)) == b"answer"
    assert faulty.retried(lambda: client.send(b"question")) == 8
    assert faulty.retried(lambda: client.sendall(b"more" * 50_000)) == 200_000
    assert faulty.retried(client.shutdown) is False
    assert faulty.retried(client.shutdown) is True


def gathered(faulty: Faulty, client: SSL.Connection) -> None:
    """Send in small portions that are gathered."""
    faulty.retried(client.do_handshake)
    client.cork()
    assert faulty.retried(lambda: client.send(b"question")) == 8
    for portion in range(40):
        assert faulty.retried(lambda: (client.sendall if portion % 2 else client.send)(b"more" * 1250)) == 5000  # noqa: B023
    faulty.retried(client.uncork)
    assert faulty.retried(lambda: client.recv(6)) == b"answer"
    assert faulty.retried(client.shutdown) is False
    assert faulty.retried(client.shutdown) is True


@pytest.mark.parametrize("error", [FaultError(), KeyboardInterrupt(), TimeoutError()], ids=repr)
@pytest.mark.parametrize("flow", [whole, without_handshake, gathered])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", STYLES)
def test_every_call_can_be_repeated(
    ec: Authority, name: str, version: str, flow: Callable[[Faulty, SSL.Connection], None], error: BaseException
):
    # Whichever call of the object fails: nothing is lost, nothing is sent twice, and nobody waits for ever.
    contexts = client_context(ec, version), server_context(ec, version)

    def serve(server: SSL.Connection) -> None:
        server.do_handshake()
        if flow is without_handshake:
            server.send(b"answer")
        assert receive(server, 8) == b"question"
        assert receive(server, 200_000) == b"more" * 50_000
        if flow is not without_handshake:
            server.send(b"answer")
        with pytest.raises(SSL.ZeroReturnError):
            server.recv(1)
        assert server.shutdown() is True

    for at in itertools.count():
        faulty = Faulty(at, error)
        client_end, server_end = ends(STYLES[name])
        client_end = faulty.faulty(STYLES[name])(client_end.incoming, client_end.outgoing)
        pair = over(*contexts, client_end, server_end)
        with Background(lambda: serve(pair.server)):  # noqa: B023  it ends before the next turn
            flow(faulty, pair.client)
        if faulty.calls <= at:
            assert at > 10
            break


@pytest.mark.parametrize("error", [BlockingIOError(), SSL.WantReadError(), SSL.WantWriteError()], ids=repr)
def test_what_is_gathered_is_not_taken_twice(ec: Authority, error: Exception):
    class Busy(RecvSend):
        busy = False

        def send(self, data: bytes) -> int:
            if self.busy:
                raise error
            return super().send(data)

    client_end, server_end = ends(Busy)
    pair = over(client_context(ec), server_context(ec), client_end, server_end)
    pair.handshake()
    pair.client.cork()
    pair.client.send(b"a" * 10_000)
    client_end.busy = True
    # A record is full now; the data has been taken, and goes with the next call.
    assert pair.client.send(b"b" * 10_000) == 10_000
    with pytest.raises((SSL.WantReadError, SSL.WantWriteError)):
        pair.client.send(b"c")
    client_end.busy = False
    assert pair.client.send(b"c") == 1
    pair.client.uncork()
    assert receive(pair.server, 20_001) == b"a" * 10_000 + b"b" * 10_000 + b"c"
    pair.client.shutdown()
    with pytest.raises(SSL.ZeroReturnError):
        pair.server.recv(1)


def refused(server: SSL.Connection) -> None:
    """See the handshake fail."""
    with pytest.raises(SSL.Error):
        server.do_handshake()


def test_a_failure_to_send_an_alert_does_not_hide_why(ec: Authority, stranger: Authority):
    # The certificate is refused; that the peer, who has gone, cannot be told does not matter.
    class Deaf(RecvSend):
        def send(self, data: bytes) -> int:
            if self.outgoing.total:
                raise FaultError
            return super().send(data)

    client_end, server_end = ends(blocking=True)
    pair = over(
        client_context(stranger), server_context(ec), Deaf(client_end.incoming, client_end.outgoing), server_end
    )
    with Background(lambda: refused(pair.server)):
        with pytest.raises(SSL.Error) as caught:
            pair.client.do_handshake()
        assert caught.value.args[0][0][2] == "certificate verify failed"
        client_end.close()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), Stop()], ids=repr)
def test_what_is_no_error_is_never_swallowed(ec: Authority, stranger: Authority, error: BaseException):
    class Stopped(RecvSend):
        def send(self, data: bytes) -> int:
            if self.outgoing.total:
                raise error
            return super().send(data)

    client_end, server_end = ends(blocking=True)
    pair = over(
        client_context(stranger), server_context(ec), Stopped(client_end.incoming, client_end.outgoing), server_end
    )
    with Background(lambda: refused(pair.server)):
        with pytest.raises(type(error)) as caught:
            pair.client.do_handshake()
        assert caught.value is error
        client_end.close()


def test_a_flush_is_made_after_all_has_been_written(ec: Authority):
    class Noting(Read1Write):
        def write(self, data: bytes) -> int:
            noted.append("write")
            return super().write(data[:20_000])

        def flush(self) -> None:
            noted.append("flush")
            super().flush()

    noted: list[str] = []
    client_end, server_end = ends(Read1Write)
    pair = over(client_context(ec), server_context(ec), Noting(client_end.incoming, client_end.outgoing), server_end)
    with Background(pair.server.do_handshake):
        pair.client.do_handshake()
    assert noted == ["write", "flush"] * 2
    noted.clear()
    with Background(lambda: receive(pair.server, 200_000)):
        pair.client.sendall(bytes(200_000))
    assert noted[-1] == "flush"
    assert 1 <= noted.count("flush") <= 4 < noted.count("write")
    assert not client_end.outgoing.waiting
    noted.clear()
    pair.client.incoming._blocking = False
    with pytest.raises(SSL.WantReadError):
        pair.client.recv(1)
    assert noted == [], "nothing was written"
