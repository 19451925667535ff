from typing import Any, Final

__all__ = ["VERSION", "crypto", "error_queue_is_empty", "ssl"]

VERSION: Final[str]
crypto: Any
ssl: Any

def error_queue_is_empty() -> bool: ...
