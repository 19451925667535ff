"""A certificate generator: keys, requests, and certificates that answer them.

    python examples/make_certificate.py www.example.org --alternative 127.0.0.1 --days 30 --directory certs

This makes a key and a certificate that signs itself. make_authority.py uses the functions for more.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from OpenSSL import crypto

DAY = 24 * 60 * 60


def make_key(bits: int = 2048) -> crypto.PKey:
    """Make a pair of RSA keys."""
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, bits)
    return key


def make_request(key: crypto.PKey, **name: str) -> crypto.X509Req:
    """Ask for a certificate for a key, under a name: `CN="www.example.org", O="Example"`."""
    request = crypto.X509Req()
    subject = request.get_subject()
    for part, text in name.items():
        setattr(subject, part, text)
    request.set_pubkey(key)
    request.sign(key, "sha256")
    return request


def alternatives(names: Sequence[str]) -> bytes:
    """Write host names and addresses as a subjectAltName."""
    written = []
    for name in names:
        try:
            written.append(f"IP:{ipaddress.ip_address(name)}")
        except ValueError:
            written.append(f"DNS:{name}")
    return ", ".join(written).encode()


def make_certificate(
    request: crypto.X509Req,
    issuer: tuple[crypto.X509, crypto.PKey] | None,
    extensions: Sequence[tuple[bytes, bool, bytes]],
    days: float,
    key: crypto.PKey | None = None,
) -> crypto.X509:
    """Answer a request: signed by an issuer's certificate and key, or, without one, by the request's own key."""
    request.verify(request.get_pubkey())
    certificate = crypto.X509()
    certificate.set_version(2)
    certificate.set_serial_number(secrets.randbits(127))
    certificate.set_subject(request.get_subject())
    certificate.set_pubkey(request.get_pubkey())
    # A minute ago, for clocks that are late.
    certificate.gmtime_adj_notBefore(-60)
    certificate.gmtime_adj_notAfter(int(days * DAY))
    if issuer is None:
        if key is None:
            raise ValueError("a certificate that signs itself needs its key")
        issuer = certificate, key
    signer, signing_key = issuer
    certificate.set_issuer(signer.get_subject())
    certificate.add_extensions([crypto.X509Extension(*extension) for extension in extensions])
    certificate.add_extensions([crypto.X509Extension(b"subjectKeyIdentifier", False, b"hash", subject=certificate)])
    certificate.add_extensions([crypto.X509Extension(b"authorityKeyIdentifier", False, b"keyid", issuer=signer)])
    certificate.sign(signing_key, "sha256")
    return certificate


def save(directory: Path, name: str, certificate: crypto.X509, key: crypto.PKey) -> None:
    """Write NAME.pem for everybody, and NAME.key.pem for its owner alone."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name}.pem").write_bytes(crypto.dump_certificate(crypto.FILETYPE_PEM, certificate))
    private = os.open(directory / f"{name}.key.pem", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(private, "wb") as file:
        file.write(crypto.dump_privatekey(crypto.FILETYPE_PEM, key))


def main() -> None:
    """Make one certificate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="the host's name")
    parser.add_argument("--alternative", action="append", default=[], help="another name or address; may be repeated")
    parser.add_argument("--days", type=float, default=30, help="how long it is valid")
    parser.add_argument("--bits", type=int, default=2048, help="the size of the key")
    parser.add_argument("--directory", type=Path, default=Path(), help="where to write it")
    options = parser.parse_args()
    key = make_key(options.bits)
    names = [options.name, *options.alternative]
    extensions = [
        (b"basicConstraints", True, b"CA:FALSE"),
        (b"subjectAltName", False, alternatives(names)),
        (b"extendedKeyUsage", False, b"serverAuth"),
    ]
    certificate = make_certificate(make_request(key, CN=options.name), None, extensions, options.days, key)
    save(options.directory, options.name, certificate, key)
    print(f"{options.directory / options.name}.pem: {certificate.digest('sha256').decode()}")


if __name__ == "__main__":
    main()
