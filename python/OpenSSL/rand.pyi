import builtins
from os import PathLike
from typing import SupportsFloat, SupportsIndex, TypeAlias

from typing_extensions import Buffer

__all__ = [
    "Error",
    "add",
    "bytes",
    "cleanup",
    "egd",
    "load_file",
    "seed",
    "status",
    "write_file",
]

_Path: TypeAlias = str | builtins.bytes | PathLike[str] | PathLike[builtins.bytes]

class Error(Exception): ...

def add(buffer: Buffer, entropy: SupportsFloat | SupportsIndex) -> None: ...
def bytes(num_bytes: SupportsIndex) -> builtins.bytes: ...
def cleanup() -> None: ...
def egd(path: _Path, bytes: SupportsIndex = 255, *, timeout: float = 5.0) -> int: ...
def load_file(filename: _Path, maxbytes: SupportsIndex = -1) -> int: ...
def seed(buffer: Buffer) -> None: ...
def status() -> bool: ...
def write_file(filename: _Path) -> int: ...
