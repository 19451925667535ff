"""The module `SSL` has every name and parameter that any release had, and each row of the manual a test."""

import ast
import inspect
import re
import socket
from pathlib import Path

import pytest
from OpenSSL import SSL

from tests.conftest import UPSTREAM
from tests.surface_ssl import SURFACE

pytestmark = pytest.mark.skipif(UPSTREAM, reason="about this package")

LINE = re.compile(r"(?P<path>[\w.]+)(?P<call>\((?P<parameters>[^)]*)\))?( = (?P<value>-?\d+))?")
INSTANCE = re.compile(r"(?P<class>\w+)\(\)\.(?P<name>\w+)")
LINES = SURFACE.split("\n")[1:-1]


def found(path):
    """Return what a dotted name of the module stands for."""
    made = SSL
    for name in path.split("."):
        made = getattr(made, name)
    return made


@pytest.mark.parametrize("line", LINES)
def test_name(line):
    if of_instance := INSTANCE.fullmatch(line):
        assert of_instance["class"] == "Connection"
        with socket.socket() as transport:
            assert callable(getattr(SSL.Connection(SSL.Context(SSL.TLS_METHOD), transport), of_instance["name"]))
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
    assert len(LINES) > 300
    assert len(set(LINES)) == len(LINES)


def test_all_names_what_is_public():
    named = {line.partition("(")[0].partition(" ")[0] for line in LINES}
    public = {name for name in named if "." not in name and not name.startswith("_")}
    assert public - set(SSL.__all__) == {"F"}
    namespace = {}
    exec("from OpenSSL.SSL import *", namespace)
    assert set(SSL.__all__) <= set(namespace)


def test_defaults():
    signatures = {
        SSL.Connection: {"socket": None},
        SSL.Connection.export_keying_material: {"context": None},
        SSL.Connection.get_certificate: {"as_cryptography": False},
        SSL.Connection.get_client_ca_list: {"as_cryptography": False},
        SSL.Connection.get_peer_cert_chain: {"as_cryptography": False},
        SSL.Connection.get_peer_certificate: {"as_cryptography": False},
        SSL.Connection.get_verified_chain: {"as_cryptography": False},
        SSL.Connection.send: {"flags": 0},
        SSL.Connection.sendall: {"flags": 0},
        SSL.Connection.write: {"flags": 0},
        SSL.Connection.recv: {"flags": None},
        SSL.Connection.recv_into: {"nbytes": None, "flags": None},
        SSL.Connection.set_verify: {"callback": None},
        SSL.Context.load_verify_locations: {"capath": None},
        SSL.Context.set_ocsp_client_callback: {"data": None},
        SSL.Context.set_ocsp_server_callback: {"data": None},
        SSL.Context.set_passwd_cb: {"userdata": None},
        SSL.Context.set_verify: {"callback": None},
        SSL.Context.use_certificate_file: {"filetype": SSL.FILETYPE_PEM},
        SSL.Context.use_privatekey_file: {"filetype": SSL.FILETYPE_PEM},
    }
    for made, defaults in signatures.items():
        parameters = inspect.signature(made).parameters
        assert {name: parameters[name].default for name in defaults} == defaults


def test_every_row_of_the_manual_has_a_test():
    """Rows 155 to 319 of the manual's checklist are those of `SSL`, and of chapter 4 but for what was never built."""
    named = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "rows":
                named.update(argument.value for argument in node.args if isinstance(argument, ast.Constant))
    # Row 300 promises nothing.
    assert sorted(set(range(155, 320)) - {300} - named) == []
