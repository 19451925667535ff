"""A throwaway CA: root, intermediate, and the identities of a server and a client, as bytes, files and objects.

It is made with the package `cryptography`, so that what is wrong in our own `crypto` cannot hide here.
"""

import datetime
import functools
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import crypto

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

PASSPHRASE = b"correct horse battery staple"


@dataclass(frozen=True)
class Identity:
    """A certificate and its private key, and the files that hold them."""

    certificate: x509.Certificate
    key: Key
    directory: Path
    name: str

    @functools.cached_property
    def cert_pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @functools.cached_property
    def cert_der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @functools.cached_property
    def key_pem(self) -> bytes:
        """The private key in PEM, PKCS#8, in the clear."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @functools.cached_property
    def key_der(self) -> bytes:
        """The private key in DER, in the traditional form of its kind, in the clear."""
        return self.key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())

    @functools.cached_property
    def encrypted_key_pem(self) -> bytes:
        """The private key in PEM, encrypted with `PASSPHRASE`."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE))

    @property
    def x509(self) -> crypto.X509:
        """The certificate as a new object of the package under test."""
        return crypto.load_certificate(crypto.FILETYPE_PEM, self.cert_pem)

    @property
    def pkey(self) -> crypto.PKey:
        """The private key as a new object of the package under test."""
        return crypto.load_privatekey(crypto.FILETYPE_PEM, self.key_pem)

    def _file(self, suffix: str, content: bytes) -> str:
        path = self.directory / f"{self.name}{suffix}"
        if not path.exists():
            path.write_bytes(content)
        return str(path)

    @property
    def cert_file(self) -> str:
        """Path of the certificate in PEM."""
        return self._file(".pem", self.cert_pem)

    @property
    def cert_der_file(self) -> str:
        """Path of the certificate in DER."""
        return self._file(".der", self.cert_der)

    @property
    def key_file(self) -> str:
        """Path of the private key in PEM."""
        return self._file(".key.pem", self.key_pem)

    @property
    def key_der_file(self) -> str:
        """Path of the private key in DER."""
        return self._file(".key.der", self.key_der)

    @property
    def encrypted_key_file(self) -> str:
        """Path of the private key in PEM, encrypted with `PASSPHRASE`."""
        return self._file(".encrypted.pem", self.encrypted_key_pem)


@dataclass(frozen=True)
class Authority:
    """A root, an intermediate signed by it, and a server's and a client's identity signed by the intermediate."""

    root: Identity
    intermediate: Identity
    server: Identity
    client: Identity
    directory: Path

    def chain_file(self, leaf: Identity) -> str:
        """Path of a PEM file with the leaf's certificate and the intermediate's after it."""
        path = self.directory / f"{leaf.name}.chain.pem"
        if not path.exists():
            path.write_bytes(leaf.cert_pem + self.intermediate.cert_pem)
        return str(path)


def make_authority(kind: str, directory: Path) -> Authority:
    """Make a CA whose keys are of one kind: `rsa` (2048 bits) or `ec` (P-256)."""
    root_key, intermediate_key = _key(kind), _key(kind)
    root_name, intermediate_name = _name(f"{kind} root"), _name(f"{kind} intermediate")
    root = _sign(_identifiers(_ca(_builder(root_name, root_name, root_key), 1), root_key, root_key), root_key)
    intermediate_builder = _ca(_builder(intermediate_name, root_name, intermediate_key), 0)
    intermediate = _sign(_identifiers(intermediate_builder, intermediate_key, root_key), root_key)

    def leaf(name: str, usage: x509.ObjectIdentifier) -> Identity:
        key = _key(kind)
        builder = _builder(_name(name), intermediate_name, key)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        addresses = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        builder = _identifiers(builder, key, intermediate_key)
        return Identity(_sign(builder, intermediate_key), key, directory, name)

    return Authority(
        root=Identity(root, root_key, directory, "root"),
        intermediate=Identity(intermediate, intermediate_key, directory, "intermediate"),
        server=leaf("server", ExtendedKeyUsageOID.SERVER_AUTH),
        client=leaf("client", ExtendedKeyUsageOID.CLIENT_AUTH),
        directory=directory,
    )


def _key(kind: str) -> Key:
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Throwaway"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: Key) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
    )


def _identifiers(builder: x509.CertificateBuilder, key: Key, issuer_key: Key) -> x509.CertificateBuilder:
    subject = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return builder.add_extension(subject, critical=False).add_extension(issuer, critical=False)


def _ca(builder: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return builder.add_extension(constraints, critical=True).add_extension(usage, critical=True)


def _sign(builder: x509.CertificateBuilder, key: Key) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256())
