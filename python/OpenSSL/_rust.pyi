from typing import Any, Final

__all__ = [
    "OWN_ALLOCATOR",
    "VENDORED",
    "VERSION",
    "_Handle",
    "crypto",
    "error_queue_is_empty",
    "error_text",
    "rand",
    "ssl",
]

VENDORED: Final[bool]
OWN_ALLOCATOR: Final[bool]
VERSION: Final[str]
_Handle: Any
crypto: Any
rand: Any
ssl: Any

def error_queue_is_empty() -> bool: ...
def error_text(library: int, reason: int) -> tuple[str, str, str]: ...
