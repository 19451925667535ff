"""A thread whose result, or exception, comes back to the test; and a way to wait for what another thread causes."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds that a test waits for what should take none. Long, since it is only ever spent on a failure."""


class Background(Generic[T]):
    """Runs a function in a daemon thread; a context manager that waits for its end."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._results: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._results.append(self._function())
        except BaseException as error:
            self._error = error

    def result(self, timeout: float = PATIENCE) -> T:
        """Wait for the end; return what the function returned, or raise what it raised."""
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError("the background thread is still running")
        if self._error is not None:
            raise self._error
        return self._results[0]

    @property
    def running(self) -> bool:
        """True until the function has returned or raised."""
        return self._thread.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.result()


def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds; TimeoutError if it does not within `PATIENCE`."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("waited in vain")
        time.sleep(0.001)
