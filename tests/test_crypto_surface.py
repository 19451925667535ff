"""The module `crypto` has every name and parameter that any release had, and each row of the manual a test."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.surface_crypto import SURFACE

pytestmark = pytest.mark.skipif(UPSTREAM, reason="about this package")

LINE = re.compile(r"(?P<path>[\w.]+)(?P<call>\((?P<parameters>[^)]*)\))?( = (?P<value>-?\d+))?")
INSTANCE = re.compile(r"(?P<class>\w+)\(\)\.(?P<name>\w+)")
LINES = SURFACE.split("\n")[1:-1]


def found(path):
    """Return what a dotted name of the module stands for."""
    made = crypto
    for name in path.split("."):
        made = getattr(made, name)
    return made


def instance(name):
    """Return an object of a class with attributes of its own."""
    if name == "_EllipticCurve":
        return crypto.get_elliptic_curve("prime256v1")
    return getattr(crypto, name)("message", [], None)


@pytest.mark.parametrize("line", LINES)
def test_name(line):
    if of_instance := INSTANCE.fullmatch(line):
        assert hasattr(instance(of_instance["class"]), of_instance["name"])
        return
    parts = LINE.fullmatch(line)
    made = found(parts["path"])
    if parts["value"]:
        assert made == int(parts["value"])
    if parts["call"]:
        assert callable(made)
        wanted = [name for name in parts["parameters"].split(", ") if name]
        has = [name for name in inspect.signature(made).parameters if name not in ("self", "cls")]
        assert has[: len(wanted)] == wanted


def test_the_table_is_whole():
    assert len(LINES) > 170
    assert len(set(LINES)) == len(LINES)


def test_defaults():
    signatures = {
        crypto.PKCS12.export: {"passphrase": None, "iter": 2048, "maciter": 1, "algorithm": None},
        crypto.X509Extension: {"subject": None, "issuer": None},
        crypto.X509StoreContext: {"chain": None},
        crypto.load_pkcs12: {"passphrase": None},
        crypto.load_privatekey: {"passphrase": None},
        crypto.dump_privatekey: {"cipher": None, "passphrase": None},
        crypto.X509Store.load_locations: {"capath": None},
    }
    for made, defaults in signatures.items():
        parameters = inspect.signature(made).parameters
        assert {name: parameters[name].default for name in defaults} == defaults


def test_every_row_of_the_manual_has_a_test():
    """Rows 21 to 138 of the manual's checklist are those of `crypto`."""
    named = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "rows":
                named.update(argument.value for argument in node.args if isinstance(argument, ast.Constant))
    assert set(range(21, 139)) <= named
