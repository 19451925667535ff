"""Certificates and keys for all peers, made once with the `cryptography` package.

Run as a program, `material.py FOLDER`, by the interpreter of the pyOpenSSL environment, which has that package; the
harness itself imports nothing but the standard library.  No peer makes its own material: all read these files.

For each of `ec` (P-256) and `rsa` (2048 bits): root -> intermediate -> leaf, and

    KIND-root.pem  KIND-intermediate.pem  KIND-leaf.pem  KIND-leaf.der  KIND-chain.pem (leaf, intermediate)
    KIND-key.pem   the leaf's key, PKCS #8, not encrypted
"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

# Seventeen characters: plain/x509.c and workers/package_crypto.py check that they read this name.
HOST = "bench.example.org"
SERIAL = 0x1F2E3D4C5B6A79881122334455667788


def new_key(kind: str) -> Key:
    """Make a key of kind `ec` or `rsa`."""
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def name(common_name: str) -> x509.Name:
    """Make a name of six components, as certificates in use have it."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"),
            x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "Stockholms lan"),
            x509.NameAttribute(NameOID.LOCALITY_NAME, "Stockholm"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Benchmarks of Example Organisation AB"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Measurements"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def issue(subject: x509.Name, key: Key, issuer: x509.Name, issuer_key: Key, depth: int | None) -> x509.Certificate:
    """Make a certificate; `depth` is the path length of a CA, None for a server."""
    today = datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(SERIAL if depth is None else x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=depth is not None, path_length=depth), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=depth is not None,
                crl_sign=depth is not None,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if depth is None:
        names = [x509.DNSName(HOST), x509.DNSName("www." + HOST)]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def make(folder: Path, kind: str) -> None:
    """Write the files of one kind of key."""
    root_key, intermediate_key, leaf_key = new_key(kind), new_key(kind), new_key(kind)
    root_name, intermediate_name, leaf_name = name("Bench Root"), name("Bench Intermediate"), name(HOST)
    root = issue(root_name, root_key, root_name, root_key, 1)
    intermediate = issue(intermediate_name, intermediate_key, root_name, root_key, 0)
    leaf = issue(leaf_name, leaf_key, intermediate_name, intermediate_key, None)

    def write(stem: str, data: bytes) -> None:
        (folder / f"{kind}-{stem}").write_bytes(data)

    write("root.pem", root.public_bytes(Encoding.PEM))
    write("intermediate.pem", intermediate.public_bytes(Encoding.PEM))
    write("leaf.pem", leaf.public_bytes(Encoding.PEM))
    write("leaf.der", leaf.public_bytes(Encoding.DER))
    write("chain.pem", leaf.public_bytes(Encoding.PEM) + intermediate.public_bytes(Encoding.PEM))
    write("key.pem", leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def main() -> None:
    """Write the files of all kinds into the folder given."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("ec", "rsa"):
        make(folder, kind)


if __name__ == "__main__":
    main()
