"""TLS and X.509 with the OpenSSL library: the modules `SSL`, `crypto`, `rand`, and for asyncio `aio`."""

from OpenSSL import SSL, crypto, rand
from OpenSSL.version import (
    __author__,
    __copyright__,
    __email__,
    __license__,
    __summary__,
    __title__,
    __uri__,
    __version__,
)

__all__ = [
    "SSL",
    "__author__",
    "__copyright__",
    "__email__",
    "__license__",
    "__summary__",
    "__title__",
    "__uri__",
    "__version__",
    "crypto",
    "rand",
]

# What typing.TYPE_CHECKING is for, without the time that its module takes to import.
TYPE_CHECKING = False
if not TYPE_CHECKING:

    def __getattr__(name):
        # Programs may take the module from here, as they once could; those that do not shall not pay for it.
        if name == "tsafe":
            from importlib import import_module

            return import_module("OpenSSL.tsafe")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
