"""A certificate authority, and certificates of a server and of clients that it has signed.

    python examples/make_authority.py --directory certs --client alice --client bob

The echo server and client, and the other examples, use what this makes: ca.pem, server.pem, alice.pem, and their keys.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from make_certificate import alternatives, make_certificate, make_key, make_request, save
from OpenSSL import crypto

DAYS_OF_AUTHORITY = 365
DAYS_OF_OTHERS = 30


def make_authority(name: str) -> tuple[crypto.X509, crypto.PKey]:
    """Make the certificate and the key of an authority that signs for hosts and people, and for no other authority."""
    key = make_key()
    extensions = [
        (b"basicConstraints", True, b"CA:TRUE, pathlen:0"),
        (b"keyUsage", True, b"keyCertSign, cRLSign"),
    ]
    return make_certificate(make_request(key, CN=name), None, extensions, DAYS_OF_AUTHORITY, key), key


def make_member(
    authority: tuple[crypto.X509, crypto.PKey], name: str, usage: bytes, names: list[str]
) -> tuple[crypto.X509, crypto.PKey]:
    """Make a key, ask the authority for a certificate, and let it answer."""
    key = make_key()
    extensions = [
        (b"basicConstraints", True, b"CA:FALSE"),
        (b"keyUsage", True, b"digitalSignature"),
        (b"extendedKeyUsage", False, usage),
    ]
    if names:
        extensions.append((b"subjectAltName", False, alternatives(names)))
    return make_certificate(make_request(key, CN=name), authority, extensions, DAYS_OF_OTHERS), key


def main() -> None:
    """Make all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--directory", type=Path, default=Path(), help="where to write it")
    parser.add_argument("--server", action="append", help="a server's name (server); may be repeated")
    parser.add_argument("--client", action="append", help="a client's name (client); may be repeated")
    options = parser.parse_args()
    authority = make_authority("An example of an authority")
    save(options.directory, "ca", *authority)
    for name in options.server or ["server"]:
        save(options.directory, name, *make_member(authority, name, b"serverAuth", [name, "localhost", "127.0.0.1"]))
    for name in options.client or ["client"]:
        save(options.directory, name, *make_member(authority, name, b"clientAuth", []))
    for path in sorted(options.directory.glob("*.pem")):
        print(path)


if __name__ == "__main__":
    main()
