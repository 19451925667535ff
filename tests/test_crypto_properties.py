"""Any name, serial number, time and extension text: read back as written, and as `cryptography` reads it."""

import datetime

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import crypto

from tests.conftest import UPSTREAM, error_queue_is_empty
from tests.support.issuing import rsa_key, unsigned
from tests.test_x509_extension import STANDARD

pytestmark = pytest.mark.skipif(UPSTREAM, reason="about this package")

ASN1 = crypto.FILETYPE_ASN1
COMPONENTS = {
    "CN": x509.NameOID.COMMON_NAME,
    "O": x509.NameOID.ORGANIZATION_NAME,
    "OU": x509.NameOID.ORGANIZATIONAL_UNIT_NAME,
}
EXTENSIONS = [*(line[0] for line in STANDARD), "proxyCertInfo", "authorityKeyIdentifier", "1.2.3"]
PIECES = [
    *["DNS", "CA", "TRUE", "@", "section", "dirName", "file", "policy", "language", "ASN1", "DER", "SEQUENCE"],
    *["critical", "permitted", "hash", "keyid", "1.2.3", "URI", "/etc/passwd", ":", ",", ";", "=", "."],
]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
DNS = st.from_regex(r"[a-z][a-z0-9-]{0,20}(\.[a-z]{2,9}){0,3}", fullmatch=True)


def loaded(cert):
    """Return a certificate signed, written and read."""
    cert.sign(rsa_key(), "sha256")
    return crypto.load_certificate(ASN1, crypto.dump_certificate(ASN1, cert))


# It counts bytes where RFC 5280 counts characters.
@pytest.mark.filterwarnings("ignore:Attribute's length must be")
@given(st.dictionaries(st.sampled_from(sorted(COMPONENTS)), TEXT))
@settings(deadline=None)
def test_names(values):
    cert = crypto.X509()
    name = cert.get_subject()
    for component, value in values.items():
        setattr(name, component, value)
    assert {component: getattr(name, component) for component in values} == values
    assert name.get_components() == [(key.encode(), value.encode()) for key, value in values.items()]
    attributes = list(with_subject(name).to_cryptography().subject)
    assert [(one.oid, one.value) for one in attributes] == [(COMPONENTS[key], one) for key, one in values.items()]


def with_subject(name):
    cert = unsigned()
    cert.set_subject(name)
    return loaded(cert)


@given(st.integers(1, 2**159))
@settings(deadline=None)
def test_serial_numbers(number):
    cert = unsigned()
    cert.set_serial_number(number)
    again = loaded(cert)
    assert again.get_serial_number() == number
    assert again.to_cryptography().serial_number == number


@given(st.datetimes(datetime.datetime(1950, 1, 1), datetime.datetime(9999, 12, 31)), st.integers(-840, 840))
@settings(deadline=None)
def test_times(when, offset):
    when = when.replace(microsecond=0)
    digits = f"{when:%Y%m%d%H%M%S}".rjust(14, "0")
    for text in (f"{digits}Z", digits + shown(offset)):
        cert = unsigned()
        cert.set_notAfter(text)
        assert cert.get_notAfter() == text.encode()
    cert.set_notAfter(f"{digits}Z")
    assert cert.has_expired() is (when < datetime.datetime.now(datetime.UTC).replace(tzinfo=None))


def shown(offset):
    hours, minutes = divmod(abs(offset), 60)
    return f"{'-' if offset < 0 else '+'}{min(hours, 12):02}{minutes:02}"


@given(st.lists(DNS, min_size=1, max_size=5), st.booleans())
@settings(deadline=None)
def test_alternative_names(names, critical):
    text = ", ".join(f"DNS:{name}" for name in names)
    extension = crypto.X509Extension("subjectAltName", critical, text)
    assert str(extension) == text
    assert extension.get_critical() is critical
    cert = unsigned()
    cert.add_extensions([extension])
    [found] = loaded(cert).to_cryptography().extensions
    assert found.critical is critical
    assert found.value.get_values_for_type(x509.DNSName) == names


@given(
    st.sampled_from(EXTENSIONS),
    st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=12).map("".join),
)
@settings(max_examples=500, deadline=None)
def test_any_text(name, text):
    failed = None
    try:
        extension = crypto.X509Extension(name, False, text)
    except (crypto.Error, ValueError) as error:
        failed = error
    else:
        assert b"root:" not in extension.get_data()
        try:
            str(extension)
        except crypto.Error as error:
            # Bytes that are given as such need not be what the extension holds.
            assert "DER:" in text or "ASN1:" in text
            failed = error
    assert failed is None or failed.args[0]
    assert error_queue_is_empty()
