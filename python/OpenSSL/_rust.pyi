from typing import Any, Final

__all__ = ["VERSION", "_Handle", "crypto", "error_queue_is_empty", "rand", "ssl"]

VERSION: Final[str]
_Handle: Any
crypto: Any
rand: Any
ssl: Any

def error_queue_is_empty() -> bool: ...
