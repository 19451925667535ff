"""The package as a whole: what `import OpenSSL` binds, and what it does not import."""

import pickle
import subprocess
import sys
from pathlib import Path
from types import BuiltinFunctionType, ModuleType

import OpenSSL
import pytest
from OpenSSL import SSL, crypto, rand

from tests.support.rows import rows


@rows(17, 18, 19, 20)
def test_import_binds_the_three_modules() -> None:
    program = """
import OpenSSL
assert OpenSSL.crypto.__name__ == "OpenSSL.crypto"
assert OpenSSL.rand.__name__ == "OpenSSL.rand"
assert OpenSSL.SSL.__name__ == "OpenSSL.SSL"
"""
    subprocess.run([sys.executable, "-I", "-W", "error", "-c", program], check=True)


@rows(11, 17)
def test_is_a_package_with_modules_of_its_own() -> None:
    assert Path(OpenSSL.__file__).parts[-2:] == ("OpenSSL", "__init__.py")
    assert {OpenSSL.crypto, OpenSSL.rand, OpenSSL.SSL} == {crypto, rand, SSL}
    for module in (crypto, rand, SSL):
        assert module.__doc__


def test_everything_named_is_there() -> None:
    for module in (OpenSSL, crypto, rand, SSL):
        missing = [name for name in module.__all__ if not hasattr(module, name)]
        assert missing == []
        assert len(set(module.__all__)) == len(module.__all__)


@pytest.mark.parametrize("module", [crypto, rand, SSL])
def test_functions_can_be_pickled(module: ModuleType) -> None:
    functions = [getattr(module, name) for name in module.__all__]
    functions = [function for function in functions if isinstance(function, BuiltinFunctionType)]
    assert functions
    for function in functions:
        assert function.__module__ == module.__name__
        assert pickle.loads(pickle.dumps(function)) is function


def test_import_of_everything_from_it() -> None:
    program = """
from OpenSSL import *
assert crypto.X509 and rand.status and SSL.Context
assert __version__.startswith("26.4.0+ironssl.")
from OpenSSL.SSL import *
assert Connection is SSL.Connection
"""
    subprocess.run([sys.executable, "-I", "-W", "error", "-c", program], check=True)


def test_import_loads_nothing_but_itself() -> None:
    program = """
import sys, types
# Which is built into the interpreter, and where its end is announced until Python 3.13.
import atexit
before = set(sys.modules)
import OpenSSL
print(*set(sys.modules) - before)
"""
    found = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    parts = ("SSL", "_rust", "crypto", "rand", "version")
    assert set(found.stdout.split()) == {"OpenSSL", *(f"OpenSSL.{name}" for name in parts)}


def test_version_says_whose_it_is() -> None:
    assert OpenSSL.__version__ == OpenSSL.version.__version__
    level, _, own = OpenSSL.__version__.partition("+ironssl.")
    assert level == "26.4.0"
    assert own.count(".") == 2
    for name in OpenSSL.version.__all__:
        assert getattr(OpenSSL, name) is getattr(OpenSSL.version, name)
        assert isinstance(getattr(OpenSSL, name), str)
        if name != "__email__":
            assert getattr(OpenSSL, name)
