"""Rules: a name is compared as what it is, with its whole length, and never as the text that shows it.

Bug classes: NUL or length truncation in names; names matched as text.
"""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.contexts import client_context, identify, server_context
from tests.support.failing import handshake_errors, reasons
from tests.support.pairs import memory_pair


def certified(ec: Authority, common_name: str, alternatives: list[x509.GeneralName]) -> crypto.X509:
    """Have the authority sign a certificate with these names for the server's key, as a careless one would."""
    now = datetime.datetime.now(datetime.UTC)
    issuer = ec.intermediate
    builder = x509.CertificateBuilder(
        issuer.certificate.subject,
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]),
        ec.server.key.public_key(),
        x509.random_serial_number(),
        now - datetime.timedelta(hours=1),
        now + datetime.timedelta(hours=1),
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return crypto.X509.from_cryptography(builder.sign(issuer.key, hashes.SHA256()))


def accepted(ec: Authority, host: str, common_name: str, *alternatives: x509.GeneralName) -> bool:
    """Return whether a client that means `host` takes a server with this certificate for it."""
    server = server_context(ec)
    identify(server, ec, ec.server)
    server.use_certificate(certified(ec, common_name, list(alternatives)))
    pair = memory_pair(client_context(ec), server)
    pair.client.set_verify_host(host)
    errors = handshake_errors(pair)
    if errors:
        assert reasons(errors["client"]) == ["certificate verify failed"]
    return not errors


HOST = "bank.example"


def test_nul_or_length_truncation_in_names_of_certificates(ec: Authority):
    """The certificate that was given for a name of the attacker's, with the victim's in front of a NUL."""
    assert accepted(ec, HOST, HOST)
    assert accepted(ec, HOST, "x", x509.DNSName(HOST))
    for text in ("bank.example\0.attacker.example", "bank.example\0", "\0bank.example"):
        assert not accepted(ec, HOST, text)
        assert not accepted(ec, HOST, "x", x509.DNSName(text))


def test_nul_or_length_truncation_in_names_that_are_read(ec: Authority):
    text = "bank.example\0.attacker.example"
    certificate = certified(ec, text, [x509.DNSName(text)])
    assert text == certificate.get_subject().CN
    assert certificate.get_subject().get_components() == [(b"CN", text.encode())]
    shown = str(certificate.get_extension(0))
    assert shown != "DNS:bank.example"
    assert "attacker" in shown


@pytest.mark.parametrize("text", ["bank.example\0.attacker.example", "bank.example\0", "\0"])
def test_nul_or_length_truncation_in_names_that_are_asked_for(ec: Authority, text: str):
    connection = SSL.Connection(client_context(ec))
    with pytest.raises(ValueError, match=r"."):
        connection.set_verify_host(text)
    with pytest.raises((ValueError, TypeError), match=r"(?i)nul"):
        connection.set_tlsext_host_name(text.encode())
    assert connection.get_servername() is None
    with pytest.raises(ValueError, match="NUL byte"):
        crypto.X509Extension(b"subjectAltName", False, f"DNS:{text}".encode())


def test_nul_or_length_truncation_in_names_too_long(ec: Authority):
    connection = SSL.Connection(client_context(ec))
    connection.set_tlsext_host_name(b"n" * 255)
    for length in (256, 256 + 12, 65536 + 12):
        with pytest.raises(SSL.Error):
            connection.set_tlsext_host_name(b"n" * length)
    name = crypto.X509().get_subject()
    name.CN = "n" * 64
    for length in (65, 256 + 64, 65536 + 64):
        with pytest.raises(crypto.Error):
            name.CN = "n" * length
    assert name.CN == "n" * 64


def test_names_matched_as_text_of_other_kinds(ec: Authority):
    """What would read `DNS:bank.example` in a text of all names is an address of mail, an URI, or part of a name."""
    for other in (
        x509.RFC822Name('"a, DNS:bank.example, x"@b.example'),
        x509.UniformResourceIdentifier("http://x/, DNS:bank.example"),
        x509.UniformResourceIdentifier("bank.example"),
        x509.DNSName("x, DNS:bank.example"),
        x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])),
    ):
        # A second name of the right kind: the CN does not count where there is one.
        assert not accepted(ec, HOST, "x", other, x509.DNSName("attacker.example"))


def test_names_matched_as_text_within_the_subject(ec: Authority):
    for common_name in (
        "x/CN=bank.example",
        "x, CN=bank.example",
        "bank.example/x",
        "CN=bank.example",
        "bank.example\n",
    ):
        assert not accepted(ec, HOST, common_name)


def test_names_matched_as_text_with_patterns(ec: Authority):
    assert accepted(ec, HOST, "x", x509.DNSName("*.example")) is False
    assert accepted(ec, "www." + HOST, "x", x509.DNSName("*.bank.example"))
    for pattern in ("*", "*.*.example", "www.*.example", "*.bank.example.", "w*w.*"):
        assert not accepted(ec, "www." + HOST, "x", x509.DNSName(pattern))
    # Nor is an asterisk that is asked for a pattern.
    with pytest.raises(ValueError, match="host name"):
        SSL.Connection(client_context(ec)).set_verify_host("*.example")


def test_names_matched_as_text_when_compared():
    """Two names whose one-line texts are the same are still two names."""
    one, other = crypto.X509().get_subject(), crypto.X509().get_subject()
    one.O, one.CN = "a", "b"
    other.O = "a/CN=b"
    assert one != other
    assert one.hash() != other.hash()
    assert one.der() != other.der()
