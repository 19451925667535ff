"""TLS and X.509 with the OpenSSL library: the modules `SSL`, `crypto` and `rand`."""

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
