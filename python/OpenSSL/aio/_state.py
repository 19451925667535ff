"""What one TLS connection of asyncio consists of, and what its parts call of each other.

Lives here: the attributes. What is done with them is in `_reading` (ciphertext that came), `_writing` (data that is to
go) and `_transport` (the handshake, the end, and the class itself).

The transport that the application sees and the protocol of the transport below are one object. With thousands of
connections the time goes to memory that is not in the processor's cache; each object and each bound method more is one
more place to wait for.
"""

from __future__ import annotations

import asyncio
import collections
import weakref
from collections.abc import Callable

from OpenSSL import SSL

# Larger ones leave the processor's cache: streams moved 760 MB/s with 256 KiB, 1,040 with this.
BUFFER = 64 * 1024

_EVERYTHING = 1 << 30

# A loop that reads when the socket is ready, and hands over what it read at once, needs one buffer for all connections.
_shared_buffers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, memoryview] = weakref.WeakKeyDictionary()


def buffer_for(loop: asyncio.AbstractEventLoop) -> memoryview:
    """Return a buffer to receive into: the loop's own where that is safe, else a new one."""
    if not isinstance(loop, asyncio.SelectorEventLoop):
        return memoryview(bytearray(BUFFER))
    if (buffer := _shared_buffers.get(loop)) is None:
        buffer = _shared_buffers[loop] = memoryview(bytearray(BUFFER))
    return buffer


class State(asyncio.Transport):
    """The attributes of a connection."""

    __slots__ = (
        "__weakref__",
        "_app",
        "_backlog",
        "_backlog_size",
        "_below",
        "_blocked",
        "_buffer",
        "_choked",
        "_closing",
        "_congested",
        "_connection",
        "_direct",
        "_end",
        "_ended",
        "_eof",
        "_error",
        "_flowing",
        "_goodbye_left",
        "_goodbye_said",
        "_handshake_timeout",
        "_held",
        "_introduce",
        "_loop",
        "_lost",
        "_make_app",
        "_on_lost",
        "_paused",
        "_ready",
        "_resuming",
        "_server_hostname",
        "_shaking",
        "_shutdown_timeout",
        "_timer",
        "_told",
    )

    # The transport below, from its `connection_made` on.
    _below: asyncio.Transport

    def __init__(
        self,
        connection: SSL.Connection,
        make_app: Callable[[], asyncio.BaseProtocol],
        *,
        handshake_timeout: float,
        shutdown_timeout: float,
        server_hostname: str | None,
        ready: asyncio.Future[None] | None,
        introduce: bool,
    ) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._buffer = buffer_for(self._loop)
        self._handshake_timeout = handshake_timeout
        self._shutdown_timeout = shutdown_timeout
        self._server_hostname = server_hostname
        self._timer: asyncio.TimerHandle | None = None

        # The application: made after the handshake, and told of its transport if it is to be introduced. Whoever waits
        # for the handshake has `ready`; who wants to know of the end is in `on_lost`.
        self._make_app = make_app
        self._introduce = introduce
        self._app: asyncio.BaseProtocol | None = None
        self._ready = ready
        self._on_lost: list[Callable[[BaseException | None], object]] = []

        # Reading. What comes goes straight to the application's data_received.
        self._flowing = False
        # The application does not want any; this came all the same, and the end after it.
        self._paused = False
        self._held: collections.deque[bytes] = collections.deque()
        self._ended = False
        # The peer takes nothing, so what we would have to answer is not read.
        self._choked = False
        # The peer will not send any more.
        self._eof = False

        # Writing. Data goes straight through.
        self._direct = False
        # The transport below has enough; OpenSSL has to hear from the peer first. The application was told to pause.
        self._congested = False
        self._blocked = False
        self._told = False
        self._backlog: collections.deque[bytes | memoryview] = collections.deque()
        self._backlog_size = 0
        # The transport below is just saying that it takes more.
        self._resuming = False
        # Why no more is written: "eof" after write_eof, "closed".
        self._end = ""

        # The life of the connection. The handshake is not done yet.
        self._shaking = True
        # The application hears of nothing but the end any more.
        self._closing = False
        # Our close_notify was sent, and so many bytes were waiting below before it.
        self._goodbye_said = False
        self._goodbye_left = 0
        # Why it ended, and whether it has.
        self._error: BaseException | None = None
        self._lost = False

    def _fail(self, error: BaseException) -> None:
        """End the connection because of this."""
        raise NotImplementedError

    def _stopped(self, error: BaseException) -> None:
        """Deal with what stopped a handshake or the reading."""
        raise NotImplementedError

    def _written(self) -> None:
        """Say goodbye: everything that was written is encrypted, and no more will come."""
        raise NotImplementedError

    def _pump(self) -> None:
        """Encrypt and send what waits."""
        raise NotImplementedError

    def _shake(self) -> None:
        """Go on with the handshake."""
        raise NotImplementedError

    def _flush(self) -> None:
        """Send what OpenSSL has to say."""
        try:
            self._below.write(self._connection.bio_read(_EVERYTHING))
        except SSL.WantReadError:
            return

    def _close_below(self) -> None:
        """Close the transport below, as soon as it can stand it."""
        if self._resuming:
            # asyncio's transport, closed from inside of its call of resume_writing, would go on and close once more.
            self._loop.call_soon(self._below.close)
        else:
            self._below.close()

    def _abort_below(self) -> None:
        """As `_close_below`, without waiting for what is still to be sent."""
        if self._resuming:
            self._loop.call_soon(self._below.abort)
        else:
            self._below.abort()

    def _report(self, message: str, error: BaseException) -> None:
        """Tell the event loop of what nobody waits for."""
        self._loop.call_exception_handler({"message": message, "exception": error, "transport": self})
