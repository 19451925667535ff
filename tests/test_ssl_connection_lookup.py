"""When the class Connection delegates: it looks methods up the fast way as long as all connections are in memory."""

import subprocess
import sys

import pytest

PRELUDE = """
import socket
from OpenSSL import SSL
context = SSL.Context(SSL.TLS_METHOD)
delegates = lambda: hasattr(SSL.Connection, "__getattr__")
"""


@pytest.mark.parametrize(
    "program",
    [
        "assert delegates()",
        "SSL.Connection(context); assert not delegates()",
        "SSL.Connection(context, socket.socket()); assert delegates(); SSL.Connection(context); assert delegates()",
        # What the class gave up it gets back, for objects and derived classes that were there before as well.
        """
class Derived(SSL.Connection): pass
memory = SSL.Connection(context)
derived = Derived(context, socket.socket())
assert delegates()
assert derived.gettimeout() is None
try:
    memory.gettimeout()
except AttributeError as error:
    assert "gettimeout" in str(error)
else:
    raise AssertionError
""",
        # What somebody else has put there stays.
        """
SSL.Connection.__getattr__ = lambda self, name: name
assert SSL.Connection(context).anything == "anything"
""",
    ],
)
def test_in_a_process_of_its_own(program: str):
    done = subprocess.run([sys.executable, "-c", PRELUDE + program], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
