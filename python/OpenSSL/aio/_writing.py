"""What an application writes: encrypted, and sent as far as the transport below takes it.

Data goes straight through, one call of `Connection.seal` and one write below, while the transport below takes it. When
that says that it has enough, plaintext waits here, where it needs no copy; ciphertext below is never more than its own
limit and one piece.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from OpenSSL import SSL
from OpenSSL.aio._state import State

if TYPE_CHECKING:
    from typing_extensions import Buffer

# As much as stays in the processor's cache on its way.
_PIECE = 64 * 1024


class Writing(State):
    """The writing half of a transport."""

    __slots__ = ()

    def write(self, data: Buffer) -> None:
        """Send data: bytes, or any object with a contiguous buffer.

        Does not wait; what cannot be sent now is sent later. After `close`, and after the connection is lost, nothing
        is sent. Raises RuntimeError after `write_eof`, TypeError or BufferError for another kind of object.
        """
        if not self._direct or len(data) > _PIECE:  # type: ignore[arg-type]
            self._queue(data)
            return
        try:
            ciphertext = self._connection.seal(data)
        except SSL.WantReadError:
            self._queue(data)
        except SSL.Error as error:
            self._fail(error)
        else:
            self._below.write(ciphertext)

    def _queue(self, data: Buffer) -> None:
        """Put data behind what waits, and send what can be sent."""
        if self._end == "eof":
            raise RuntimeError("cannot write after write_eof()")
        piece = data if isinstance(data, bytes) else memoryview(data).tobytes()
        if self._end or not piece:
            return
        self._direct = False
        self._backlog.append(piece)
        self._backlog_size += len(piece)
        self._pump()

    def _pump(self) -> None:
        """Encrypt and send what waits, as far as the transport below takes it."""
        self._blocked = False
        while self._backlog and not self._congested:
            piece = self._next()
            try:
                ciphertext = self._connection.seal(piece)
            except SSL.WantReadError:
                self._backlog.appendleft(piece)
                self._backlog_size += len(piece)
                self._blocked = True
                self._flush()
                break
            except SSL.Error as error:
                self._fail(error)
                return
            self._below.write(ciphertext)
        waits = bool(self._backlog) or self._congested
        self._direct = not (waits or self._end or self._shaking)
        self._tell(waits)
        if self._end and not self._backlog:
            self._written()

    def _next(self) -> bytes | memoryview:
        """Take what is encrypted at once: a part of a large piece, or some small ones together."""
        first = self._backlog.popleft()
        if len(first) > _PIECE:
            view = memoryview(first)
            self._backlog.appendleft(view[_PIECE:])
            first = view[:_PIECE]
        pieces = [first]
        size = len(first)
        while self._backlog and size + len(self._backlog[0]) <= _PIECE:
            size += len(self._backlog[0])
            pieces.append(self._backlog.popleft())
        self._backlog_size -= size
        return first if len(pieces) == 1 else b"".join(pieces)

    def _tell(self, pause: bool) -> None:
        """Tell the application to pause, or to go on."""
        app: Any = self._app
        if pause is self._told or self._end == "closed" or app is None:
            return
        self._told = pause
        try:
            if pause:
                app.pause_writing()
            else:
                app.resume_writing()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            # As asyncio's own transports do. What is to be sent, and the end after it, does not depend on this.
            self._report(f"a protocol failed when told to {'pause' if pause else 'resume'} writing", error)

    def pause_writing(self) -> None:
        """The transport below has enough."""
        self._congested = True
        self._direct = False
        self._tell(True)

    def resume_writing(self) -> None:
        """The transport below takes more."""
        self._congested = False
        if self._choked:
            self._choked = False
            if not self._paused:
                self._below.resume_reading()
        self._resuming = True
        try:
            self._pump()
        finally:
            self._resuming = False

    def can_write_eof(self) -> bool:
        """Whether `write_eof` can be used: from TLS 1.3 on, where the two directions end one by one."""
        return self._connection.get_protocol_version() >= SSL.TLS1_3_VERSION

    def write_eof(self) -> None:
        """Say that no more data will come, and go on reading.

        Raises NotImplementedError in TLS 1.2 and older, where this would end the other direction too. (RFC 8446, 6.1)
        """
        if not self.can_write_eof():
            raise NotImplementedError(f"{self._connection.get_protocol_version_name()} ends both directions at once")
        if not self._end:
            self._no_more("eof")

    def _no_more(self, end: str) -> None:
        """Take no more data, and say goodbye after what waits."""
        self._end = end
        self._direct = False
        if not self._backlog:
            self._written()

    def _drop(self) -> None:
        """Forget what was not sent, and take no more."""
        self._end = "closed"
        self._direct = False
        self._backlog.clear()
        self._backlog_size = 0

    def get_write_buffer_size(self) -> int:
        """How many bytes wait to be sent."""
        return self._backlog_size + self._below.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """The limits (low, high) of the transport below, in bytes."""
        return self._below.get_write_buffer_limits()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set the limits of the transport below, in bytes: above high the protocol is paused, at low it goes on."""
        self._below.set_write_buffer_limits(high, low)
