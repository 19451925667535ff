"""The file objects that `SSL.Connection.makefile` returns.

Lives here: the raw one, over `recv_into` and `send`, and what `io` puts around it. It is written in Python because a
subclass of `io.RawIOBase` cannot be made in Rust with the stable ABI.

Rules, those of `socket.socket.makefile`: a file keeps its socket open until it is closed itself, even if the Connection
is closed before. A clean end of the TLS stream is the end of the file; an end without a close_notify alert is the
exception that `recv` raises. Where the transport does not wait, raw reads and writes return None, and those of buffered
files do what `io` says for that. Where the socket has a timeout, they wait so long.
"""

import io
import selectors
import socket
import time
from typing import TYPE_CHECKING, Any

from OpenSSL._rust import ssl as _ssl

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from OpenSSL.SSL import Connection

__all__ = ["ConnectionIO", "make"]

# As much as one TLS record holds.
_BUFFER_SIZE = 16384


class ConnectionIO(io.RawIOBase):
    """A TLS connection as a raw, unbuffered binary file; made by `Connection.makefile(mode, 0)`."""

    def __init__(self, connection: "Connection", ends: tuple[object, object], mode: str) -> None:
        """Read from the connection if there is an `r` in the mode, write to it if there is a `w`.

        ends: what the connection itself reads from and writes to.
        """
        super().__init__()
        self._connection = connection
        self._ends = ends
        self._mode = mode
        self._timed_out = False
        # Files of the sockets' own: as long as they are open, so are the sockets.
        self._held = [end.makefile("rb", buffering=0) for end in ends if isinstance(end, socket.socket)]

    def __repr__(self) -> str:
        """Describe the file."""
        state = " closed" if self.closed else ""
        return f"<OpenSSL.SSL.ConnectionIO mode={self._mode!r}{state}>"

    @property
    def mode(self) -> str:
        """How it was opened: 'rb', 'wb' or 'rwb'."""
        return self._mode

    @property
    def name(self) -> int:
        """The number of the descriptor, or -1."""
        try:
            return self.fileno()
        except (OSError, ValueError):
            return -1

    def readable(self) -> bool:
        """Tell whether it can be read from."""
        self._check_open()
        return "r" in self._mode

    def writable(self) -> bool:
        """Tell whether it can be written to."""
        self._check_open()
        return "w" in self._mode

    def fileno(self) -> int:
        """Return the number of the descriptor; UnsupportedOperation for a connection without one."""
        self._check_open()
        fileno = getattr(self._connection, "fileno", None)
        if fileno is None:
            raise io.UnsupportedOperation("the connection has no descriptor")
        number: int = fileno()
        return number

    def readinto(self, buffer: "Buffer", /) -> int | None:
        """Read into a buffer: at least one byte; 0 at the end, None where the transport does not wait."""
        if not self.readable():
            raise io.UnsupportedOperation("not readable")
        if self._timed_out:
            raise OSError("cannot read from a file that has timed out: what came before the timeout may be lost")
        deadline = _deadline(self._ends[0])
        while True:
            try:
                return self._connection.recv_into(buffer)
            except _ssl.ZeroReturnError:
                return 0
            except (_ssl.WantReadError, _ssl.WantWriteError) as wanted:
                if deadline is None:
                    return None
                try:
                    self._wait(wanted, deadline)
                except TimeoutError:
                    self._timed_out = True
                    raise

    def write(self, data: "Buffer", /) -> int | None:
        """Write some of the data; returns the count, or None where the transport does not wait."""
        if not self.writable():
            raise io.UnsupportedOperation("not writable")
        deadline = _deadline(self._ends[1])
        while True:
            try:
                return self._connection.send(data)
            except (_ssl.WantReadError, _ssl.WantWriteError) as wanted:
                if deadline is None:
                    return None
                self._wait(wanted, deadline)

    def close(self) -> None:
        """Close the file, not the connection; closes the socket if that was closed before and this file is the last."""
        if not self.closed:
            super().close()
            for file in self._held:
                file.close()

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")

    def _wait(self, wanted: BaseException, deadline: float) -> None:
        reads = isinstance(wanted, _ssl.WantReadError)
        end: Any = self._ends[0 if reads else 1]
        # Unlike epoll it needs no descriptor, and unlike select it takes any number.
        with getattr(selectors, "PollSelector", selectors.SelectSelector)() as selector:
            selector.register(end.fileno(), selectors.EVENT_READ if reads else selectors.EVENT_WRITE)
            if not selector.select(max(deadline - time.monotonic(), 0)):
                raise TimeoutError("timed out")


def _deadline(end: object) -> float | None:
    """When an operation that begins now has to end; None where the transport is not waited for."""
    gettimeout = getattr(end, "gettimeout", None)
    timeout: float | None = gettimeout() if gettimeout is not None and hasattr(end, "fileno") else None
    return time.monotonic() + timeout if timeout else None


def make(
    connection: "Connection",
    ends: tuple[object, object],
    mode: str,
    buffering: int | None,
    encoding: str | None,
    errors: str | None,
    newline: str | None,
) -> io.IOBase:
    """Make the file object of `Connection.makefile`, whose documentation says what is what."""
    if not isinstance(mode, str):
        raise TypeError("mode must be a str")
    if not set(mode) <= {"r", "w", "b"}:
        raise ValueError(f"invalid mode {mode!r}: r, w and b are allowed")
    writing = "w" in mode
    reading = "r" in mode or not writing
    binary = "b" in mode
    if binary and (encoding is not None or errors is not None or newline is not None):
        raise ValueError("a binary file has no encoding, errors or newline")
    size = -1 if buffering is None else buffering
    if size == 0 and not binary:
        raise ValueError("a text file cannot be unbuffered")
    lines = size == 1 and not binary
    if size < 0 or lines:
        size = _BUFFER_SIZE
    raw = ConnectionIO(connection, ends, "r" * reading + "w" * writing + "b")
    if size == 0:
        return raw
    try:
        buffer: Any
        if reading and writing:
            buffer = io.BufferedRWPair(raw, raw, size)
        elif reading:
            buffer = io.BufferedReader(raw, size)
        else:
            buffer = io.BufferedWriter(raw, size)
        made: io.IOBase = buffer
        if not binary:
            text = io.TextIOWrapper(buffer, io.text_encoding(encoding), errors, newline, line_buffering=lines)
            text.mode = mode  # type: ignore[misc]
            made = text
    except BaseException:
        # It must not hold the socket any longer.
        raw.close()
        raise
    return made
