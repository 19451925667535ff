"""Makes certificates with the package under test, where a test is about just that."""

import functools
import time

from OpenSSL import crypto


@functools.cache
def rsa_key(which: int = 0) -> crypto.PKey:
    """Return an RSA pair of 1024 bits; another one for another number."""
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 1024)
    return key


@functools.cache
def dsa_key() -> crypto.PKey:
    """Return a DSA pair of 1024 bits."""
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_DSA, 1024)
    return key


@functools.cache
def validity() -> tuple[bytes, bytes]:
    """Return an hour ago and in an hour, as ASN.1 has it; each time the same, so that certificates can be equal."""
    now = time.time()
    before, after = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(now + seconds)) for seconds in (-3600, 3600))
    return before.encode(), after.encode()


def unsigned(common_name: str = "example.org", key: crypto.PKey | None = None) -> crypto.X509:
    """Return a self-issued certificate that only lacks its signature."""
    cert = crypto.X509()
    cert.set_version(2)
    cert.set_serial_number(1)
    subject = cert.get_subject()
    subject.C = "SE"
    subject.O = "Throwaway"
    subject.CN = common_name
    cert.set_issuer(subject)
    before, after = validity()
    cert.set_notBefore(before)
    cert.set_notAfter(after)
    cert.set_pubkey(key or rsa_key())
    return cert


def self_signed(common_name: str = "example.org", key: crypto.PKey | None = None) -> crypto.X509:
    """Return a self-signed certificate."""
    key = key or rsa_key()
    cert = unsigned(common_name, key)
    cert.sign(key, "sha256")
    return cert
