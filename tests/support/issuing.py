"""Makes certificates with the package under test, where a test is about just that."""

import functools

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
    cert.gmtime_adj_notBefore(-3600)
    cert.gmtime_adj_notAfter(3600)
    cert.set_pubkey(key or rsa_key())
    return cert


def self_signed(common_name: str = "example.org", key: crypto.PKey | None = None) -> crypto.X509:
    """Return a self-signed certificate."""
    key = key or rsa_key()
    cert = unsigned(common_name, key)
    cert.sign(key, "sha256")
    return cert
