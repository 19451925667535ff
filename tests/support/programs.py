"""Runs other programs as peers: with a time limit, their output captured, and no process left behind."""

import contextlib
import queue
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence

from tests.support.background import PATIENCE


def program(name: str) -> str:
    """Find a program that the tests need; a RuntimeError names it when it is missing."""
    path = shutil.which(name)
    if path is None:
        raise RuntimeError(f"the tests need the program {name!r}; install it (Debian: apt-get install {name})")
    return path


def run(command: Sequence[str], stdin: bytes = b"", timeout: float = PATIENCE) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end, its output captured."""
    return subprocess.run(
        [program(command[0]), *command[1:]], input=stdin, capture_output=True, timeout=timeout, check=False
    )


def printed(output: bytes, what: str) -> bytes:
    """Find a value in hexadecimal that a program has printed after these words and a colon."""
    found = re.search(rb"%s: ([0-9a-fA-F]+)" % what.encode(), output)
    assert found is not None, output
    return bytes.fromhex(found[1].decode())


class Running:
    """A program that is running: what it has said so far, and a way to wait for more."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.output = b""
        self._pieces: queue.Queue[bytes | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while piece := self.process.stdout.read1(65536):  # type: ignore[attr-defined]  # a BufferedReader
            self._pieces.put(piece)
        self._pieces.put(None)

    def join(self) -> None:
        """Wait for the end of the program's output."""
        self._reader.join(PATIENCE)

    def wait_for(self, text: bytes) -> None:
        """Wait until the program has printed this text; AssertionError, with its output, if it ends before."""
        while text not in self.output:
            try:
                piece = self._pieces.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"no {text!r} in time; the program said {self.output!r}") from None
            if piece is None:
                raise AssertionError(f"ended without {text!r}; the program said {self.output!r}")
            self.output += piece

    def write(self, data: bytes) -> None:
        """Give the program input."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def end_input(self) -> None:
        """Give the program the end of its input."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def finish(self) -> int:
        """Wait for the program's end and the rest of its output; returns its exit status."""
        status = self.process.wait(PATIENCE)
        while (piece := self._pieces.get(timeout=PATIENCE)) is not None:
            self.output += piece
        return status


@contextlib.contextmanager
def running(command: Sequence[str]) -> Iterator[Running]:
    """Run a program beside the test; standard error goes with standard output. It is killed at the end."""
    process = subprocess.Popen(
        [program(command[0]), *command[1:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    program_running = Running(process)
    try:
        yield program_running
    finally:
        process.kill()
        process.wait()
        # Its output ends with it; the thread that reads it must be done before the stream is closed.
        program_running.join()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
