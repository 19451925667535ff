"""What this package calls itself.

The version is the level of the API that is offered, that of pyOpenSSL, with ironssl's own version behind the plus sign.
"""

from OpenSSL._rust import VERSION as _VERSION

__all__ = [
    "__author__",
    "__copyright__",
    "__email__",
    "__license__",
    "__summary__",
    "__title__",
    "__uri__",
    "__version__",
]

__version__ = f"26.4.0+ironssl.{_VERSION}"

__title__ = "ironssl"
__uri__ = "https://github.com/ironssl/ironssl"
__summary__ = "The Python package OpenSSL, written in Rust on the OpenSSL C library"
__author__ = "The ironssl developers"
__email__ = ""
__license__ = "Apache License, Version 2.0"
__copyright__ = f"Copyright 2026 {__author__}"
