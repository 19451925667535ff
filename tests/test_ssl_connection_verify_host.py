"""The host or the address that a peer's certificate has to be for."""

import ipaddress

import pytest
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.failing import handshake_errors, reasons
from tests.support.issuing import rsa_key, unsigned
from tests.support.pairs import Pair, memory_pair

HOSTNAME_MISMATCH = 62
IP_ADDRESS_MISMATCH = 64


def pair_for(authority: Authority, host: str | bytes | None = None, address: str | bytes | None = None) -> Pair:
    """Join a client and a server whose certificate is for `localhost` and 127.0.0.1."""
    pair = memory_pair(client_context(authority), server_context(authority))
    if host is not None:
        pair.client.set_verify_host(host)
    if address is not None:
        pair.client.set_verify_ip(address)
    return pair


def names_pair(alternatives: str | None, common_name: str = "example.org") -> Pair:
    """Join a client and a server whose self-signed certificate has these names."""
    certificate = unsigned(common_name)
    if alternatives is not None:
        certificate.add_extensions([crypto.X509Extension(b"subjectAltName", False, alternatives.encode())])
    certificate.sign(rsa_key(), "sha256")
    server = SSL.Context(SSL.TLS_METHOD)
    # 1024 bits are enough here.
    server.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
    server.use_certificate(certificate)
    server.use_privatekey(rsa_key())
    client = SSL.Context(SSL.TLS_METHOD)
    client.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
    client.get_cert_store().add_cert(certificate)
    client.set_verify(SSL.VERIFY_PEER)
    return memory_pair(client, server)


@pytest.mark.parametrize("host", ["localhost", b"localhost", "LocalHost", None])
def test_the_right_host(ec: Authority, host: str | bytes | None) -> None:
    pair = pair_for(ec, host)
    pair.handshake()
    assert pair.client.get_verify_result() == 0


@pytest.mark.parametrize("host", ["example.org", b"localhost.example.org", "127.0.0.1"])
def test_another_host(ec: Authority, host: str | bytes) -> None:
    pair = pair_for(ec, host)
    errors = handshake_errors(pair)
    assert reasons(errors["client"]) == ["certificate verify failed"]
    assert pair.client.get_verify_result() == HOSTNAME_MISMATCH
    assert crypto.X509_verify_cert_error_string(HOSTNAME_MISMATCH) == "hostname mismatch"


ADDRESSES = ["127.0.0.1", b"\x7f\0\0\1", ipaddress.ip_address("127.0.0.1")]
OTHER_ADDRESSES = ["127.0.0.2", "::1", b"\x7f\0\0\2", bytes(16), ipaddress.ip_address("::1")]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_right_address(ec: Authority, address: str) -> None:
    pair = pair_for(ec, address=address)
    pair.handshake()
    assert pair.client.get_verify_result() == 0


@pytest.mark.parametrize("address", OTHER_ADDRESSES)
def test_another_address(ec: Authority, address: str) -> None:
    pair = pair_for(ec, address=address)
    errors = handshake_errors(pair)
    assert reasons(errors["client"]) == ["certificate verify failed"]
    assert pair.client.get_verify_result() == IP_ADDRESS_MISMATCH


def test_none_takes_the_demand_back(ec: Authority) -> None:
    pair = pair_for(ec, "example.org", "127.0.0.2")
    assert pair.client.get_verify_host() == "example.org"
    pair.client.set_verify_host(None)
    pair.client.set_verify_ip(None)
    assert pair.client.get_verify_host() is None
    pair.handshake()


def test_without_verification_it_is_only_noted(ec: Authority) -> None:
    pair = pair_for(ec, "example.org")
    pair.client.set_verify(SSL.VERIFY_NONE)
    pair.handshake()
    assert pair.client.get_verify_result() == HOSTNAME_MISMATCH


def test_the_callback_has_the_last_word(ec: Authority) -> None:
    seen: list[int] = []

    def accept(connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, passed: int) -> bool:
        if error:
            seen.append(error)
        return True

    pair = pair_for(ec, "example.org")
    pair.client.set_verify(SSL.VERIFY_PEER, accept)
    pair.handshake()
    assert seen == [HOSTNAME_MISMATCH]


@pytest.mark.parametrize("wrong", ["", b"", "a\0b", b"localhost\0", b"\0", "b\u00fccher.example"])
def test_what_is_no_host_leaves_the_earlier_one_in_force(ec: Authority, wrong: str | bytes) -> None:
    pair = pair_for(ec, "example.org")
    with pytest.raises(ValueError, match=r"this is no host name|'ascii' codec"):
        pair.client.set_verify_host(wrong)
    assert pair.client.get_verify_host() == "example.org"
    assert "client" in handshake_errors(pair)


@pytest.mark.parametrize("wrong", ["a b", "exa\x01mple", "l" * 64 + ".example", "a..b"])
def test_what_newer_libraries_refuse_leaves_the_earlier_one_in_force(ec: Authority, wrong: str) -> None:
    connection = pair_for(ec, "example.org").client
    if SSL.OPENSSL_VERSION_NUMBER < 0x40000000:
        connection.set_verify_host(wrong)
        assert connection.get_verify_host() == wrong
        return
    with pytest.raises(ValueError, match="this is no host name"):
        connection.set_verify_host(wrong)
    assert connection.get_verify_host() == "example.org"


@pytest.mark.parametrize("wrong", ["", "localhost", "127.0.0.256", "fe80::1%lo", b"", b"127", bytes(5), bytes(17)])
def test_what_is_no_address_leaves_the_earlier_one_in_force(ec: Authority, wrong: str | bytes) -> None:
    pair = pair_for(ec, address="127.0.0.2")
    with pytest.raises(ValueError, match="IP address"):
        pair.client.set_verify_ip(wrong)
    assert "client" in handshake_errors(pair)


def test_other_types(ec: Authority) -> None:
    connection = pair_for(ec).client
    for wrong in (3, object(), ["localhost"], bytearray(b"localhost")):
        with pytest.raises(TypeError, match="host must be"):
            connection.set_verify_host(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="address must be"):
            connection.set_verify_ip(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="flags must be an integer"):
        connection.set_verify_host_flags("4")  # type: ignore[arg-type]
    for number in (-1, 1 << 32):
        with pytest.raises(OverflowError):
            connection.set_verify_host_flags(number)


@pytest.mark.parametrize(
    ("alternatives", "flags", "host", "passes"),
    [
        ("DNS:*.example.org", 0, "a.example.org", True),
        ("DNS:*.example.org", 2, "a.example.org", False),
        ("DNS:f*.example.org", 0, "foo.example.org", True),
        ("DNS:f*.example.org", 4, "foo.example.org", False),
        ("DNS:*.example.org", 4, "a.example.org", True),
        ("DNS:*.example.org", 0, "a.b.example.org", False),
        ("DNS:other.example", 0, "example.org", False),
        ("DNS:other.example", 1, "example.org", True),
        (None, 0, "example.org", True),
        (None, 32, "example.org", False),
    ],
)
def test_flags(alternatives: str | None, flags: int, host: str, passes: bool) -> None:
    pair = names_pair(alternatives)
    pair.client.set_verify_host_flags(flags)
    pair.client.set_verify_host(host)
    errors = handshake_errors(pair)
    assert ("client" not in errors) is passes
    assert pair.client.get_verify_result() == (0 if passes else HOSTNAME_MISMATCH)


def test_one_connection_of_a_context_is_not_the_other(ec: Authority) -> None:
    context = client_context(ec)
    one = memory_pair(context, server_context(ec))
    one.client.set_verify_host("example.org")
    other = memory_pair(context, server_context(ec))
    assert other.client.get_verify_host() is None
    other.handshake()
    assert "client" in handshake_errors(one)
