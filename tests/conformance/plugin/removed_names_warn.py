"""A plug-in for pytest: the import of two functions warns, as it does with pyOpenSSL 23.2.0.

The file test_crypto.py of that release asks for a DeprecationWarning when it imports them, before any test; without
one, none of its tests would run. This project warns of no name that it keeps, and that is what the other tests see.
"""

from __future__ import annotations

import sys
import types
import warnings

import pytest

WARNED_OF = ("load_pkcs12", "load_pkcs7_data")


class _Warning(types.ModuleType):
    def __getattribute__(self, name: str) -> object:
        if name in WARNED_OF:
            warnings.warn(f"{name} is deprecated", DeprecationWarning, stacklevel=2)
        return super().__getattribute__(name)


def pytest_configure(config: pytest.Config) -> None:
    """Put the warning in."""
    from OpenSSL import crypto

    sys.modules[crypto.__name__].__class__ = _Warning
