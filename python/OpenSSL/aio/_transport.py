"""The TLS transport: from the handshake to the end.

The application hears of the end once, from `connection_lost` of the transport below. So whatever ends a connection
notes the reason, closes what is below, and waits for that.
"""

from __future__ import annotations

import asyncio
from typing import Any

from OpenSSL import SSL
from OpenSSL.aio._errors import truncated
from OpenSSL.aio._reading import Reading
from OpenSSL.aio._writing import Writing


class TLSTransport(Reading, Writing, asyncio.BufferedProtocol):
    """A TLS connection as a transport of asyncio; the functions of `OpenSSL.aio` make it.

    The limits that `set_write_buffer_limits` sets are those of the transport below. A protocol that is an
    `asyncio.BufferedProtocol` is served as such. The methods of a protocol are for the transport below.
    """

    __slots__ = ()

    # The handshake.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake over this transport."""
        below: Any = transport
        # The transports of other event loops need not be of asyncio's classes.
        if not (hasattr(below, "write") and hasattr(below, "resume_reading")):
            raise TypeError(f"a transport for reading and writing is needed, not {type(below).__name__}")
        self._below = below
        self._timer = self._loop.call_later(self._handshake_timeout, self._handshake_timed_out)
        self._shake()

    def _shake(self) -> None:
        """Go on with the handshake, and let the application begin once it is done."""
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return
        except BaseException as error:
            self._stopped(error)
            return
        self._flush()
        self._stop_timer()
        self._shaking = False
        self._app = self._make_app()
        self._direct = not self._congested
        self._set_flow()
        if self._introduce:
            self._app.connection_made(self)
        self._tell(self._congested)
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)
        # There may be more than the end of the handshake.
        self.buffer_updated(0)

    def _handshake_timed_out(self) -> None:
        """End a handshake that takes too long."""
        self._note(TimeoutError(f"the TLS handshake took more than {self._handshake_timeout} s"))
        self._abort_below()

    # The peer's end.

    def _stopped(self, error: BaseException) -> None:
        """Deal with what stopped a handshake or the reading: a failure, or the peer's goodbye."""
        if isinstance(error, KeyboardInterrupt | SystemExit):
            self._fail(error)
            raise error
        if not isinstance(error, SSL.ZeroReturnError) or self._shaking:
            self._fail(error)
            return
        if self._eof:
            return
        self._eof = True
        self._flush()
        if self._closing:
            self._finish()
            return
        app: Any = self._app
        if not app.eof_received() or not self.can_write_eof():
            self.close()

    def eof_received(self) -> bool:
        """The stream below has ended. Returns whether the transport below is to stay open for writing."""
        if self._closing:
            # Whatever that was, nobody is interested in it any more. What was written is still sent.
            self._eof = True
            self._finish()
        elif not self._eof:
            self._connection.bio_shutdown()
            if self._shaking:
                self._shake()
            else:
                self._ended = True
                self._reach_end()
        return not self._below.is_closing()

    # Our end.

    def is_closing(self) -> bool:
        """Whether the connection is closed, or about to be."""
        return self._closing or self._lost

    def close(self) -> None:
        """Close the connection: send what was written, and exchange close_notify alerts.

        What comes from now on is dropped. The protocol's `connection_lost` is called at the end. (RFC 8446, 6.1)
        """
        if self.is_closing():
            return
        self._shut()
        self._watch()
        self._no_more("closed")

    def _shut(self) -> None:
        """Deliver nothing any more, and read on, for what follows is the end."""
        self._closing = True
        self._held.clear()
        if self._paused and not self._choked:
            self._below.resume_reading()
        self._paused = False
        self._set_flow()

    def _written(self) -> None:
        """Say goodbye, once: everything that was written is encrypted, and no more will come."""
        if self._below.is_closing():
            return
        if not self._goodbye_said:
            self._goodbye_said = True
            self._goodbye_left = self._below.get_write_buffer_size()
            try:
                self._connection.shutdown()
            except SSL.Error as error:
                self._fail(error)
                return
            self._flush()
        self._finish()

    def _finish(self) -> None:
        """Close what is below when both sides have said goodbye."""
        if self._closing and self._goodbye_said and self._eof:
            self._close_below()

    def _fail(self, error: BaseException) -> None:
        """End the connection because of this: note it, send the alert, and close what is below."""
        if isinstance(error, SSL.SysCallError) and error.args[:1] == (-1,):
            error = truncated()
        # After the goodbye it does not matter any more.
        if not (self._closing and self._goodbye_said):
            self._note(error)
        if self._lost or self._below.is_closing():
            return
        # The peer gets the alert, if there is one.
        self._flush()
        self._shut()
        self._watch()
        self._drop()
        self._close_below()

    def abort(self) -> None:
        """Close the connection at once. What was not sent is lost, and the peer is not told."""
        self._closing = True
        self._drop()
        self._set_flow()
        # Whoever is cancelled early has nothing below yet.
        if hasattr(self, "_below"):
            self._abort_below()

    def _watch(self) -> None:
        """Look from time to time whether what is to be sent before the end goes on."""
        self._stop_timer()
        left = self.get_write_buffer_size()
        self._timer = self._loop.call_later(self._shutdown_timeout, self._still_moving, left)

    def _still_moving(self, before: int) -> None:
        """Go on watching where less is left to be sent than before, else give up."""
        if self.get_write_buffer_size() < before:
            self._watch()
            return
        self._note(TimeoutError(f"the TLS connection did not end within {self._shutdown_timeout} s"))
        self._abort_below()

    def _stop_timer(self) -> None:
        """Cancel what would end the handshake, or the end, for taking too long."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # The end.

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is below any more: tell the application, or whoever waits for the handshake."""
        self._lost = True
        self._stop_timer()
        self._held.clear()
        self._drop()
        self._set_flow()
        error = self._reason(exc)
        try:
            if self._ready is not None and not self._ready.done():
                self._ready.set_exception(error or ConnectionAbortedError("closed during the TLS handshake"))
            elif self._ready is None and self._shaking:
                self._report_unexpected(error)
            if self._app is not None:
                # A protocol is told of any exception, whatever its declaration says.
                self._app.connection_lost(error)  # type: ignore[arg-type]
        finally:
            for tell in self._on_lost:
                tell(error)

    def _report_unexpected(self, error: BaseException | None) -> None:
        """Tell of what ended a handshake that nobody waits for, unless that is what clients do all the time."""
        if error is not None and not isinstance(error, SSL.Error | OSError):
            self._report("a callback failed in a TLS handshake", error)

    def _reason(self, exc: BaseException | None) -> BaseException | None:
        """Why the connection is lost, if not because the application wanted it."""
        if self._error is not None:
            return self._error
        if self._closing:
            # After all was sent and the goodbye as well, it does not matter how the peer leaves.
            return None if self._goodbye_said and not self._goodbye_left else exc
        return exc or ConnectionAbortedError("the transport below TLS was closed")

    def _note(self, error: BaseException) -> None:
        """Keep why the connection ended, if nothing was noted before."""
        if isinstance(error, StopIteration):
            # A coroutine cannot be left with it.
            error = RuntimeError(f"a callback raised {error!r}").with_traceback(error.__traceback__)
        if self._error is None:
            self._error = error

    # What there is to know.

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol that hears of what comes."""
        assert self._app is not None, "nobody has the transport before its protocol is made"
        return self._app

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What there is to know by this name; `OpenSSL.aio` lists the names. Others are asked of what is below."""
        connection = self._connection
        match name:
            case "connection" | "ssl_object":
                return connection
            case "sslcontext":
                return connection.get_context()
            case "peercert":
                return connection.get_peer_certificate() or default
            case "cipher":
                cipher = connection.get_cipher_name()
                return (cipher, connection.get_cipher_version(), connection.get_cipher_bits()) if cipher else default
            case "alpn_protocol":
                return connection.get_alpn_proto_negotiated() or default
            case "server_hostname":
                return self._server_hostname or default
            case "compression":
                return default
        return self._below.get_extra_info(name, default)

    def __repr__(self) -> str:
        state = "closed " if self._lost else "closing " if self._closing else ""
        over = repr(self._below) if hasattr(self, "_below") else "nothing yet"
        return f"<{type(self).__name__} {state}{self._connection.get_protocol_version_name()} over {over}>"
