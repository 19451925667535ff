"""Context: how keys are agreed on, by Diffie-Hellman parameters or by curves."""

import base64
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec as curves
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.failing import handshake_errors, reasons
from tests.support.hello import client_hello
from tests.support.pairs import connected, memory_pair
from tests.support.programs import run
from tests.support.rows import rows

DHE = b"DHE-RSA-AES128-GCM-SHA256"

# Numbers in the registry of TLS.
SECP256R1, SECP384R1, SECP521R1 = 23, 24, 25


def openssl(*arguments: str) -> bytes:
    """Return what the openssl command writes."""
    made = run(["openssl", *arguments])
    assert made.returncode == 0, made.stderr
    return made.stdout


@pytest.fixture(scope="module")
def dh() -> bytes:
    """Return parameters in PEM that no peer knows by a name."""
    return openssl("dhparam", "-dsaparam", "2048")


def prime(pem: bytes) -> bytes:
    """Return the prime of parameters in PEM: the first number of 2048 bits in their DER."""
    der = base64.b64decode(b"".join(line for line in pem.splitlines() if not line.startswith(b"-")))
    _, header, rest = der.partition(b"\x02\x82\x01\x01\x00")
    assert header
    return rest[:256]


@pytest.fixture
def dh_file(dh: bytes, tmp_path: Path) -> Path:
    file = tmp_path / "dh.pem"
    file.write_bytes(dh)
    return file


def dhe_client(authority: Authority) -> SSL.Context:
    """Make a client that wants the cipher DHE, and knows no groups of RFC 7919 for it."""
    client = client_context(authority, "TLSv1.2")
    client.set_cipher_list(DHE)
    client.set_tmp_ecdh(crypto.get_elliptic_curve("prime256v1"))
    return client


def first_flight(client: SSL.Context, server: SSL.Context) -> bytes:
    """Return what a server says first."""
    pair = memory_pair(client, server)
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    pair.server.bio_write(pair.client.bio_read(65536))
    with pytest.raises(SSL.WantReadError):
        pair.server.do_handshake()
    return pair.server.bio_read(65536)


@rows(211)
def test_a_server_makes_its_keys_with_the_parameters(rsa: Authority, dh: bytes, dh_file: Path):
    server = server_context(rsa)
    assert server.load_tmp_dh(str(dh_file)) is None
    with connected(dhe_client(rsa), server, "memory") as pair:
        assert pair.client.get_cipher_name() == pair.server.get_cipher_name() == DHE.decode()
    # The prime is in the server's first flight, in the clear.
    assert prime(dh) in first_flight(dhe_client(rsa), server)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda pem: pem.decode()])
def test_parameters_need_no_file(rsa: Authority, dh: bytes, kind: Callable[[bytes], bytes]):
    server = server_context(rsa)
    assert server.set_tmp_dh(kind(dh)) is None
    with connected(dhe_client(rsa), server, "memory") as pair:
        assert pair.client.get_cipher_name() == DHE.decode()
    assert prime(dh) in first_flight(dhe_client(rsa), server)


def test_what_are_no_parameters():
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(SSL.Error, match="Diffie-Hellman"):
        context.set_tmp_dh(b"no parameters at all")
    for wrong in (None, 5, Path("dh.pem")):
        with pytest.raises(TypeError, match="bytes-like"):
            context.set_tmp_dh(wrong)


@rows(211)
def test_without_parameters_there_is_no_such_cipher(rsa: Authority):
    pair = memory_pair(dhe_client(rsa), server_context(rsa))
    assert reasons(handshake_errors(pair)["server"]) == ["no shared cipher"]


@rows(211)
@pytest.mark.parametrize(
    "options",
    [
        ["genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"],
        ["genpkey", "-genparam", "-algorithm", "DHX", "-pkeyopt", "dh_rfc5114:3"],
    ],
)
def test_parameters_of_each_kind(rsa: Authority, tmp_path: Path, options: list[str]):
    file = tmp_path / "dh.pem"
    file.write_bytes(openssl(*options))
    server = server_context(rsa)
    server.load_tmp_dh(file)
    with connected(dhe_client(rsa), server, "memory") as pair:
        assert pair.client.get_cipher_name() == DHE.decode()


@rows(211)
@pytest.mark.parametrize("kind", [str, os.fsencode, Path])
def test_a_path_may_be_of_any_kind(rsa: Authority, dh: bytes, tmp_path: Path, kind: type):
    # C018; what else is in the file is left out.
    file = tmp_path / "Schlüssel ☃.pem"
    file.write_bytes(b"for the web server\n" + rsa.server.cert_pem + rsa.server.key_pem + dh)
    SSL.Context(SSL.TLS_METHOD).load_tmp_dh(kind(str(file)))


@rows(211)
def test_a_missing_file_is_an_error(tmp_path: Path):
    with pytest.raises(SSL.Error) as caught:
        SSL.Context(SSL.TLS_METHOD).load_tmp_dh(tmp_path / "missing.pem")
    assert reasons(caught.value) == ["No such file or directory"]
    assert "missing.pem" in str(caught.value)


@rows(211)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no parameters at all",
        b"-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n",
        b"-----BEGIN DH PARAMETERS-----\nMIIBCAKCAQEA",
    ],
)
def test_a_file_without_parameters_is_an_error(tmp_path: Path, content: bytes):
    # C136
    file = tmp_path / "bad.pem"
    file.write_bytes(content)
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(SSL.Error) as caught:
        context.load_tmp_dh(str(file))
    assert all(reasons(caught.value))


def test_parameters_of_another_algorithm_are_an_error(tmp_path: Path):
    file = tmp_path / "ec.pem"
    file.write_bytes(openssl("ecparam", "-name", "prime256v1"))
    with pytest.raises(SSL.Error) as caught:
        SSL.Context(SSL.TLS_METHOD).load_tmp_dh(str(file))
    assert "Diffie-Hellman" in str(caught.value)


def test_parameters_that_are_too_weak_are_an_error(tmp_path: Path):
    file = tmp_path / "weak.pem"
    file.write_bytes(openssl("dhparam", "-dsaparam", "512"))
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(SSL.Error) as caught:
        context.load_tmp_dh(str(file))
    assert reasons(caught.value)[-1] == "dh key too small"


@pytest.mark.parametrize("value", [None, 7, object(), 1.5])
def test_a_file_of_parameters_is_a_path(value: object):
    with pytest.raises(TypeError, match=r"path|str"):
        SSL.Context(SSL.TLS_METHOD).load_tmp_dh(value)


def test_a_path_with_a_nul_is_refused():
    with pytest.raises(ValueError, match="NUL"):
        SSL.Context(SSL.TLS_METHOD).load_tmp_dh("dh.pem\0")


@pytest.mark.parametrize(
    ("curve", "number"),
    [
        (crypto.get_elliptic_curve("prime256v1"), SECP256R1),
        (crypto.get_elliptic_curve("secp384r1"), SECP384R1),
        (curves.SECP256R1(), SECP256R1),
        (curves.SECP384R1(), SECP384R1),
        (curves.SECP521R1(), SECP521R1),
    ],
)
def test_a_curve_is_the_only_group(rsa: Authority, curve: object, number: int):
    # C137
    context = client_context(rsa)
    assert context.set_tmp_ecdh(curve) is None
    assert client_hello(context).groups == [number]
    for version in ("TLSv1.2", "TLSv1.3"):
        with connected(context, server_context(rsa, version), "memory") as pair:
            assert pair.client.get_protocol_version_name() == version
        server = server_context(rsa, version)
        server.set_tmp_ecdh(curve)
        with connected(client_context(rsa), server, "memory"):
            pass


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_two_curves_do_not_meet(ec: Authority, version: str):
    client, server = client_context(ec, version), server_context(ec, version)
    client.set_tmp_ecdh(curves.SECP256R1())
    server.set_tmp_ecdh(curves.SECP384R1())
    errors = handshake_errors(memory_pair(client, server))
    assert reasons(errors["server"])[0] in {"no shared cipher", "no suitable key share"}


def test_a_later_curve_replaces_the_earlier(ec: Authority):
    context = client_context(ec)
    context.set_tmp_ecdh(curves.SECP256R1())
    context.set_tmp_ecdh(curves.SECP384R1())
    assert client_hello(context).groups == [SECP384R1]


def weak_client(authority: Authority) -> SSL.Context:
    """Make a client for TLS 1.2 that offers whatever its library has."""
    context = client_context(authority, "TLSv1.2")
    context.set_cipher_list(b"DEFAULT@SECLEVEL=0")
    return context


def test_every_curve_of_the_library_is_taken_or_warned_of(ec: Authority):
    # The suites of upstream set each of them, and want no exception: OpenSSL's refusal goes unseen there.
    # The weak ones need a lower security level, and most are not for TLS 1.3.
    usual = client_hello(weak_client(ec)).groups
    taken = []
    for curve in crypto.get_elliptic_curves():
        context = weak_client(ec)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            context.set_tmp_ecdh(curve)
        groups = client_hello(context).groups
        if not warned:
            # None for those that TLS has a number for, and OpenSSL 4.0 speaks no more.
            assert len(groups) <= 1
            taken += groups
        else:
            assert groups == usual
            assert warned[0].category is RuntimeWarning
            assert curve.name in str(warned[0].message)
    assert {SECP256R1, SECP384R1, SECP521R1} <= {*taken}


@pytest.mark.parametrize("curve", [None, "prime256v1", 5, object()])
def test_what_has_no_name_is_no_curve(curve: object):
    with pytest.raises(AttributeError):
        SSL.Context(SSL.TLS_METHOD).set_tmp_ecdh(curve)


@pytest.mark.parametrize("name", ["no such curve", "rsaEncryption", "", "prime256v1\0"])
def test_an_unknown_curve_is_an_error(name: str):
    class Curve:
        pass

    curve = Curve()
    curve.name = name
    with pytest.raises(SSL.Error) as caught:
        SSL.Context(SSL.TLS_METHOD).set_tmp_ecdh(curve)
    assert reasons(caught.value) == ["unsupported elliptic curve"]
