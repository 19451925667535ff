"""Rules: DER of any depth, length and number is read or refused with crypto.Error; nothing crashes, hangs or grows.

Bug class: hostile ASN.1. What random damage does is in tests/test_crypto_mutations.py; here it is done on purpose.
"""

import datetime
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import CRLEntryExtensionOID
from OpenSSL import crypto

from tests.conftest import UPSTREAM, error_queue_is_empty
from tests.support.authority import Authority
from tests.support.issuing import rsa_key, self_signed

DER = crypto.FILETYPE_ASN1

LOADERS: dict[str, Callable[[bytes], Any]] = {
    "certificate": lambda data: crypto.load_certificate(DER, data),
    "request": lambda data: crypto.load_certificate_request(DER, data),
    "list": lambda data: crypto.load_crl(DER, data),
    "private key": lambda data: crypto.load_privatekey(DER, data),
    "public key": lambda data: crypto.load_publickey(DER, data),
    "archive": lambda data: crypto.load_pkcs12(data, b""),
    "message": lambda data: crypto.load_pkcs7_data(DER, data),
}


def length(size: int) -> bytes:
    """Return a length as DER has it."""
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([0x80 | len(octets)]) + octets


def nested(depth: int, tag: int) -> bytes:
    """Return so many constructed values, each in the other."""
    headers = []
    size = 0
    for _ in range(depth):
        header = bytes([tag]) + length(size)
        size += len(header)
        headers.append(header)
    return b"".join(reversed(headers))


HOSTILE = {
    "nested sequences": nested(100_000, 0x30),
    "nested sets": nested(100_000, 0x31),
    "nested strings": nested(100_000, 0x24),
    "nested tags": nested(100_000, 0xA0),
    "nested without lengths": b"\x30\x80" * 50_000,
    "nested strings without lengths": b"\x24\x80" * 50_000,
    "endless tag": b"\x3f" + b"\xff" * 100_000 + b"\x01",
    "a million nulls": b"\x30" + length(2_000_000) + b"\x05\x00" * 1_000_000,
    "a long number": b"\x30" + length(1_000_004) + b"\x02" + length(999_999) + b"\x7f" * 999_999,
    "a long object identifier": b"\x30" + length(100_004) + b"\x06" + length(100_000) + b"\xff" * 99_999 + b"\x01",
    "no end of contents": b"\x30\x80\x02\x01\x01",
    "nothing": b"",
    "zeros": bytes(10_000),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("loader", LOADERS)
def test_hostile_asn1(loader: str, what: str):
    began = time.monotonic()
    with pytest.raises(crypto.Error):
        LOADERS[loader](HOSTILE[what])
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("what", ["nested sequences", "nested strings without lengths", "endless tag"])
def test_hostile_asn1_within_an_extension(what: str):
    """The outside is in order; the content is read when it is asked for, as text or as itself."""
    content = HOSTILE[what]
    certificate = self_signed()
    for name in ("subjectAltName", "certificatePolicies", "nameConstraints", "1.2.3.4"):
        try:
            extension = crypto.X509Extension(name.encode(), False, b"DER:" + content[:2000].hex().encode())
        except crypto.Error:
            continue
        certificate.add_extensions([extension])
    certificate.sign(rsa_key(), "sha256")
    read = crypto.load_certificate(DER, crypto.dump_certificate(DER, certificate))
    assert read.get_extension_count() > 0
    for index in range(read.get_extension_count()):
        extension = read.get_extension(index)
        assert extension.get_data() == content[:2000]
        try:
            assert isinstance(str(extension), str)
        except crypto.Error as error:
            assert error.args[0]  # noqa: PT017  either is an answer
    assert crypto.dump_certificate(crypto.FILETYPE_TEXT, read)


@pytest.mark.skipif(UPSTREAM, reason="upstream has removed X509Extension")
@pytest.mark.parametrize("text", [b"CA:TRUE", b"TLS Web Server Authentication"])
def test_hostile_asn1_is_not_shown_as_what_it_spells(text: bytes):
    """What an extension holds where it cannot be decoded does not come out as if OpenSSL had read it there."""
    certificate = self_signed()
    names = (b"basicConstraints", b"keyUsage", b"extendedKeyUsage", b"subjectKeyIdentifier")
    for name in names:
        extension = crypto.X509Extension(name, False, b"DER:" + text.hex().encode())
        with pytest.raises(crypto.Error) as info:
            str(extension)
        assert info.value.args[0]
        certificate.add_extensions([extension])
    certificate.sign(rsa_key(), "sha256")
    read = crypto.load_certificate(DER, crypto.dump_certificate(DER, certificate))
    for index, name in enumerate(names):
        assert read.get_extension(index).get_short_name() == name
        with pytest.raises(crypto.Error) as info:
            str(read.get_extension(index))
        assert info.value.args[0]


@pytest.mark.skipif(UPSTREAM, reason="upstream has removed CRL")
def test_hostile_asn1_is_not_shown_as_a_reason(ec: Authority):
    now = datetime.datetime.now(datetime.UTC)
    reason = x509.UnrecognizedExtension(CRLEntryExtensionOID.CRL_REASON, b"Key Compromise")
    entry = x509.RevokedCertificateBuilder().serial_number(1).revocation_date(now).add_extension(reason, critical=False)
    builder = x509.CertificateRevocationListBuilder().issuer_name(ec.root.certificate.subject)
    builder = builder.last_update(now).next_update(now + datetime.timedelta(1)).add_revoked_certificate(entry.build())
    data = builder.sign(ec.root.key, hashes.SHA256()).public_bytes(Encoding.DER)
    [revoked] = crypto.load_crl(DER, data).get_revoked()
    with pytest.raises(crypto.Error) as info:
        revoked.get_reason()
    assert info.value.args[0]


def spliced(certificate: bytes, old: bytes, new: bytes) -> bytes:
    """Replace one value by another of the same length."""
    assert len(old) == len(new)
    assert certificate.count(old) >= 1
    return certificate.replace(old, new, 1)


@pytest.mark.parametrize(
    "date", [b"999999999999Z", b"000000000000Z", b"20\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", b"-10101000000Z"]
)
def test_hostile_asn1_dates(ec: Authority, date: bytes):
    """A date that is none neither makes a certificate valid nor breaks those who ask."""
    certificate = ec.server.cert_der
    end = ec.server.certificate.not_valid_after_utc.strftime("%y%m%d%H%M%SZ").encode()
    try:
        read = crypto.load_certificate(DER, spliced(certificate, end, date))
    except crypto.Error:
        return
    try:
        expired = read.has_expired()
    except (ValueError, crypto.Error):
        expired = True
    assert expired
    store = crypto.X509Store()
    store.add_cert(ec.root.x509)
    with pytest.raises(crypto.X509StoreContextError):
        crypto.X509StoreContext(store, read, [ec.intermediate.x509]).verify_certificate()
    assert read.get_subject().CN == "server"
    with pytest.raises(crypto.Error):
        read.get_notAfter()


@pytest.mark.skipif(UPSTREAM, reason="upstream has removed CRL")
@pytest.mark.parametrize("date", [b"all nonsenseZ", b"209901000000Z", b"200230000000Z", b"200101006000Z"])
def test_hostile_asn1_dates_of_a_revocation(ec: Authority, date: bytes):
    when = datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    entry = x509.RevokedCertificateBuilder().serial_number(1).revocation_date(when).build()
    builder = x509.CertificateRevocationListBuilder().issuer_name(ec.root.certificate.subject)
    now = datetime.datetime.now(datetime.UTC)
    builder = builder.last_update(now).next_update(now + datetime.timedelta(1)).add_revoked_certificate(entry)
    data = builder.sign(ec.root.key, hashes.SHA256()).public_bytes(Encoding.DER)
    [revoked] = crypto.load_crl(DER, data).get_revoked()
    assert revoked.get_rev_date() == b"20200102030405Z"
    [revoked] = crypto.load_crl(DER, spliced(data, b"200102030405Z", date)).get_revoked()
    with pytest.raises(crypto.Error) as info:
        revoked.get_rev_date()
    assert info.value.args[0]


def content(value: bytes) -> bytes:
    """Return what is in a DER value of at least 128 bytes."""
    return value[2 + (value[1] & 0x7F) :]


@pytest.mark.parametrize("what", ["certificate", "request"])
def test_hostile_asn1_versions(ec: Authority, what: str):
    """A number that C has no room for leaves no error behind."""
    number = b"\x02\x09" + b"\x01" * 9
    if what == "certificate":
        data, old, new = ec.server.cert_der, b"\xa0\x03\x02\x01\x02", b"\xa0\x0b" + number
    else:
        builder = x509.CertificateSigningRequestBuilder().subject_name(ec.server.certificate.subject)
        data = builder.sign(ec.server.key, hashes.SHA256()).public_bytes(Encoding.DER)
        old, new = b"\x02\x01\x00", number
    rest = content(data)
    # The signed part comes first, and its version first of all.
    header = len(rest) - len(content(rest))
    size = int.from_bytes(rest[2:header], "big")
    signed, rest = rest[header : header + size], rest[header + size :]
    assert signed.startswith(old)
    signed = new + signed[len(old) :]
    changed = b"\x30" + length(len(signed)) + signed + rest
    read = LOADERS[what](b"\x30" + length(len(changed)) + changed)
    assert read.get_version() == -1
    assert error_queue_is_empty()


def test_hostile_asn1_serial_numbers():
    """Of any length and sign, they come back as they were set."""
    for number in (1, 255, 1 << 159, 1 << 5000, (1 << 20_000) - 1):
        certificate = self_signed()
        certificate.set_serial_number(number)
        certificate.sign(rsa_key(), "sha256")
        read = crypto.load_certificate(DER, crypto.dump_certificate(DER, certificate))
        assert read.get_serial_number() == number
