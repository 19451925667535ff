"""The tests that are left out, each by its name and for a reason of one of four kinds.

A test is left out where it cannot be run or must not pass, never because it fails. The runner runs all but those that
need the network all the same, and complains about one that passes: its exclusion is no longer needed. (Not about
those that depend on the linked OpenSSL, which may be an older one.)
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """Why a test may be left out."""

    PRIVATE = "replaces or reads a C function of the original's private binding"
    DECIDED = "asserts what this project decided against"
    LIBRARY = "asserts what the linked OpenSSL does not do any more"
    NETWORK = "needs the network"


@dataclass(frozen=True)
class Exclusion:
    """One test function, with all its parameters."""

    test: str
    """Module, class and function, joined as in `tests.test_ssl::TestContext::test_method`."""
    kind: Kind
    reason: str
    """What it does that it is left out for, in a few words."""

    def covers(self, test: str) -> bool:
        """Whether a test, which may have parameters, is one of this function."""
        return test == self.test or test.startswith(f"{self.test}[")


def network(test: str, reason: str) -> Exclusion:
    """Leave out a test that needs the network."""
    return Exclusion(test, Kind.NETWORK, reason)


VERIFY_PATHS = network("tests.test_ssl::TestContext::test_set_default_verify_paths", "connects to encrypted.google.com")

PYOPENSSL_26_4_0: tuple[Exclusion, ...] = (VERIFY_PATHS,)
PYOPENSSL_23_2_0: tuple[Exclusion, ...] = (VERIFY_PATHS,)
PYOPENSSL_22_0_0: tuple[Exclusion, ...] = (VERIFY_PATHS,)
PYOPENSSL_17_5_0: tuple[Exclusion, ...] = (VERIFY_PATHS,)
