"""What came from the peer: decrypted, answered, and handed to the application when it wants any.

A piece of ciphertext is one call of `Connection.exchange`, one of the application's `data_received`, and one write
below if there is something to answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from OpenSSL.aio._state import State


class Reading(State):
    """The reading half of a transport; to the one below, the receiving half of a BufferedProtocol."""

    __slots__ = ()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where ciphertext is to be put."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """So much ciphertext came: decrypt it, and hand it on.

        What comes after the peer's goodbye is dropped. OpenSSL would not read it, so that it would pile up.
        """
        if self._ended or self._eof:
            return
        if self._shaking:
            self._connection.bio_write(self._buffer[:nbytes])
            self._shake()
            return
        try:
            data, answer, ended = self._connection.exchange(self._buffer[:nbytes])
        except BaseException as error:
            self._stopped(error)
            return
        if answer:
            self._answer(answer)
        if data:
            if self._flowing:
                self._app.data_received(data)  # type: ignore[union-attr]
            else:
                self._divert(data)
        if ended:
            self._ended = True
            self._reach_end()
        elif self._blocked:
            self._pump()

    def _feed(self, ciphertext: bytes) -> None:
        """Take ciphertext that somebody else received."""
        while ciphertext and not self._lost:
            count = min(len(ciphertext), len(self._buffer))
            self._buffer[:count] = ciphertext[:count]
            self.buffer_updated(count)
            ciphertext = ciphertext[count:]

    def _answer(self, ciphertext: bytes) -> None:
        """Send what OpenSSL has to say to what came. Read no more while the peer takes nothing."""
        self._below.write(ciphertext)
        if self._congested and not self._choked:
            self._choked = True
            self._below.pause_reading()

    def _divert(self, data: bytes) -> None:
        """Deal with data that does not go straight to data_received."""
        if self._closing:
            return
        if self._paused:
            self._held.append(data)
        else:
            self._fill_buffers(data)

    def _fill_buffers(self, data: bytes) -> None:
        """Hand data to an application that is a BufferedProtocol."""
        view = memoryview(data)
        while view and not self._closing:
            if self._paused:
                self._held.appendleft(bytes(view))
                return
            if self._flowing:
                # The protocol was replaced by one that has no buffer.
                self._app.data_received(bytes(view))  # type: ignore[union-attr]
                return
            # Each time anew, for the same reason.
            app: Any = self._app
            buffer = memoryview(app.get_buffer(len(view))).cast("B")
            if not buffer:
                raise RuntimeError("get_buffer() returned an empty buffer")
            count = min(len(buffer), len(view))
            buffer[:count] = view[:count]
            app.buffer_updated(count)
            view = view[count:]

    def _reach_end(self) -> None:
        """After the last data: find out what kind of an end it is."""
        if self._paused and not self._closing:
            return
        try:
            self._connection.exchange()
        except BaseException as error:
            self._stopped(error)

    def _set_flow(self) -> None:
        """Find out whether data may go straight to the application."""
        stays = self._shaking or self._paused or self._closing or self._lost
        self._flowing = not stays and not isinstance(self._app, asyncio.BufferedProtocol)

    def is_reading(self) -> bool:
        """Whether the protocol gets what comes."""
        return not self._paused and not self._closing and not self._lost

    def pause_reading(self) -> None:
        """Give the protocol nothing until `resume_reading`. The peer is slowed down."""
        if self._paused or self._closing:
            return
        self._paused = True
        self._set_flow()
        self._below.pause_reading()

    def resume_reading(self) -> None:
        """Give the protocol what was held back, and what comes."""
        if not self._paused or self._closing:
            return
        self._paused = False
        self._set_flow()
        if self._held or self._ended:
            # Not from inside of the caller, who does not expect it. Until then nothing is read.
            self._loop.call_soon(self._release)
        else:
            self._read_on()

    def _release(self) -> None:
        """Hand over what was held back, and the end after it, and read on."""
        if self._paused or self._closing or self._lost:
            return
        held = list(self._held)
        self._held.clear()
        try:
            for data in held:
                if self._flowing:
                    self._app.data_received(data)  # type: ignore[union-attr]
                else:
                    self._divert(data)
            if self._ended and not self._eof:
                self._reach_end()
        except Exception as error:
            self._report("a protocol failed on what was received", error)
            self._fail(error)
        if not self._paused and not self._closing:
            self._read_on()

    def _read_on(self) -> None:
        """Let the transport below read again, unless the peer takes nothing."""
        if not self._choked:
            self._below.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let another protocol hear of what comes."""
        self._app = protocol
        self._set_flow()
