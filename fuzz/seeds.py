"""Writes the first corpora of the fuzz targets: throwaway objects of each kind, made with the package `cryptography`.

`seeds.py FOLDER` makes a folder for each target in FOLDER, and leaves alone what is there. Nothing that is made here is
of any use to anybody: the keys are new each time.
"""

import datetime
import ipaddress
import re
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs7,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | dsa.DSAPrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)

PASSPHRASE = b"pw"
SHA256 = hashes.SHA256()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)
EC = ec.generate_private_key(ec.SECP256R1())
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
NAME = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Å, B"),
        x509.NameAttribute(NameOID.COMMON_NAME, "localhost"),
        x509.NameAttribute(NameOID.EMAIL_ADDRESS, "a@b.c"),
    ]
)
NAMES = [
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
    x509.RFC822Name("a@b.c"),
    x509.UniformResourceIdentifier("http://a/"),
    x509.DirectoryName(NAME),
    x509.RegisteredID(x509.ObjectIdentifier("1.2.3.4")),
    x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\x0c\x01x"),
]

EXTENSIONS = (
    "basicConstraints\nCA:TRUE,pathlen:1",
    "keyUsage\ndigitalSignature,keyCertSign",
    "extendedKeyUsage\nserverAuth,1.2.3.4",
    "subjectAltName\nDNS:a,IP:192.0.2.1,IP:::1,email:a@b.c,email:copy,URI:http://a/,RID:1.2.3,otherName:1.2;UTF8:x",
    "subjectAltName\ndirName:section",
    "issuerAltName\nissuer:copy",
    "subjectKeyIdentifier\nhash",
    "subjectKeyIdentifier\n00:01:02",
    "authorityKeyIdentifier\nkeyid:always,issuer:always",
    "certificatePolicies\n1.2.3.4,ia5org,@section",
    "policyConstraints\nrequireExplicitPolicy:3,inhibitPolicyMapping:1",
    "policyMappings\n1.2.3:1.2.4",
    "inhibitAnyPolicy\n2",
    "nameConstraints\npermitted;DNS:a,excluded;IP:10.0.0.0/255.0.0.0,permitted;email:b",
    "crlDistributionPoints\nURI:http://a/crl,URI:http://b/crl",
    "issuingDistributionPoint\ncritical,@section",
    "authorityInfoAccess\nOCSP;URI:http://a/,caIssuers;URI:http://b/",
    "subjectInfoAccess\n1.2.3;URI:http://a/",
    "proxyCertInfo\nlanguage:id-ppl-anyLanguage,pathlen:0,policy:file:/etc/hostname",
    "tlsfeature\nstatus_request,17",
    "noCheck\nignored",
    "nsComment\ntext",
    "nsCertType\nserver,email",
    "1.2.3.4\nDER:02:01:01",
    "1.2.3.4\nASN1:UTF8String:text",
    "1.2.3.4\nASN1:SEQUENCE:section",
    "1.2.3.4\nASN1:EXPLICIT:3A,FORMAT:HEX,OCTETSTRING:0102",
    "1.2.3.4\nASN1:INTEGER:0x10",
    "1.2.3.4\nASN1:GENERALIZEDTIME:20200101000000Z",
    "1.2.3.4\nASN1:BITLIST:1,5",
    "sbgp-ipAddrBlock\nIPv4:10.0.0.0/8,IPv6:inherit",
    "sbgp-autonomousSysNum\nAS:1-5,RDI:inherit",
)


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """A certificate with an extension of most kinds."""
    public = key.public_key()
    builder = x509.CertificateBuilder(NAME, NAME, public, x509.random_serial_number(), NOW - DAY, NOW + DAY)
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    for extension in (
        x509.BasicConstraints(True, 1),
        usage,
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        x509.SubjectAlternativeName(NAMES),
        x509.IssuerAlternativeName(NAMES[:1]),
        x509.SubjectKeyIdentifier.from_public_key(public),
        x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("1.2.3"), ["http://a/"])]),
        x509.NameConstraints([x509.DNSName("localhost")], [x509.IPAddress(ipaddress.ip_network("10.0.0.0/8"))]),
        x509.CRLDistributionPoints([x509.DistributionPoint(NAMES[4:5], None, None, None)]),
        x509.TLSFeature([x509.TLSFeatureType.status_request]),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00"),
    ):
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, SHA256)


def plain() -> x509.Certificate:
    """A short certificate, which leaves more of the work to the fuzzer."""
    return x509.CertificateBuilder(NAME, NAME, EC.public_key(), 1, NOW - DAY, NOW + DAY).sign(EC, SHA256)


CERTIFICATES = [plain(), certificate(EC), certificate(RSA)]


def keys() -> Iterator[bytes]:
    """Keys of each kind, in each form."""
    made: list[Key] = [RSA, EC, dsa.generate_private_key(1024), ed25519.Ed25519PrivateKey.generate()]
    made += [ed448.Ed448PrivateKey.generate(), ec.generate_private_key(ec.BrainpoolP256R1())]
    for key in made:
        for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
            for encryption in (NoEncryption(), BestAvailableEncryption(PASSPHRASE)):
                for encoding in (Encoding.DER, Encoding.PEM):
                    try:
                        yield key.private_bytes(encoding, form, encryption)
                    except (TypeError, ValueError):
                        continue
        for encoding in (Encoding.DER, Encoding.PEM):
            yield key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    yield RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1)


def requests() -> Iterator[bytes]:
    """Requests, with extensions and without."""
    for key in (EC, RSA):
        builder = x509.CertificateSigningRequestBuilder(NAME)
        made = builder.sign(key, SHA256)
        builder = builder.add_extension(x509.SubjectAlternativeName(NAMES), critical=True)
        builder = builder.add_attribute(x509.oid.AttributeOID.CHALLENGE_PASSWORD, b"x")
        for request in (made, builder.sign(key, SHA256)):
            yield request.public_bytes(Encoding.DER)
            yield request.public_bytes(Encoding.PEM)


def lists() -> Iterator[bytes]:
    """Revocation lists."""
    builder = x509.CertificateRevocationListBuilder(NAME, NOW - DAY, NOW + DAY)
    made = builder.sign(EC, SHA256)
    for number, reason in enumerate(x509.ReasonFlags, 1):
        if reason is x509.ReasonFlags.unspecified:
            continue
        revoked = x509.RevokedCertificateBuilder(number, NOW).add_extension(x509.CRLReason(reason), False)
        builder = builder.add_revoked_certificate(revoked.build())
    builder = builder.add_extension(x509.CRLNumber(1), False)
    for crl in (made, builder.sign(EC, SHA256)):
        yield crl.public_bytes(Encoding.DER)
        yield crl.public_bytes(Encoding.PEM)


def bags() -> Iterator[bytes]:
    """PKCS#12 files."""
    old = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1)
    old = old.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC).hmac_hash(hashes.SHA1())
    new = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1)
    new = new.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC).hmac_hash(SHA256)
    for encryption in (NoEncryption(), old.build(PASSPHRASE), new.build(PASSPHRASE)):
        yield pkcs12.serialize_key_and_certificates(b"name", EC, CERTIFICATES[0], CERTIFICATES[1:], encryption)
        yield pkcs12.serialize_key_and_certificates(None, None, None, CERTIFICATES[:1], encryption)


def messages() -> Iterator[bytes]:
    """PKCS#7 objects: a bag of certificates, signed data, and encrypted data."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(b"data")
    builder = builder.add_signer(CERTIFICATES[0], EC, SHA256).add_certificate(CERTIFICATES[1])
    enveloped = pkcs7.PKCS7EnvelopeBuilder().set_data(b"data").add_recipient(CERTIFICATES[2])
    for encoding in (Encoding.DER, Encoding.PEM):
        yield pkcs7.serialize_certificates(CERTIFICATES, encoding)
        yield builder.sign(encoding, [pkcs7.PKCS7Options.Binary])
        yield builder.sign(encoding, [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.DetachedSignature])
        yield enveloped.encrypt(encoding, [pkcs7.PKCS7Options.Binary])
    yield b"\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x02\x04\x00"


def signed_keys() -> Iterator[bytes]:
    """Signed public keys of Netscape's kind, from a tool of our own: nobody else writes them any more."""
    from OpenSSL import crypto

    for key in (RSA, EC):
        spki = crypto.NetscapeSPKI()
        ours = crypto.PKey.from_cryptography_key(key)
        spki.set_pubkey(ours)
        spki.sign(ours, "sha256")
        yield spki.b64_encode()


def hellos() -> Iterator[bytes]:
    """The first bytes of clients and servers, and whom they are for (the first byte)."""
    for version, choice in ((ssl.TLSVersion.TLSv1_3, 0), (ssl.TLSVersion.TLSv1_2, 2)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["h2", "http/1.1"])
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            hello = outgoing.read()
        yield bytes([choice]) + hello
        yield bytes([choice + 1]) + _answer(version, hello)
    yield from _datagrams()


def _answer(version: ssl.TLSVersion, hello: bytes) -> bytes:
    """What a server says to a client's hello."""
    import tempfile

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(EC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.write(CERTIFICATES[1].public_bytes(Encoding.PEM))
        file.flush()
        context.load_cert_chain(file.name)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    incoming.write(hello)
    try:
        context.wrap_bio(incoming, outgoing, server_side=True).do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a server waits for its client")


def _datagrams() -> Iterator[bytes]:
    """Datagrams: each with its length, in units of 8 bytes, before it."""
    from OpenSSL import SSL

    client = SSL.Connection(SSL.Context(SSL.DTLS_METHOD), None)
    client.set_connect_state()
    client.set_ciphertext_mtu(1500)
    try:
        client.do_handshake()
    except SSL.WantReadError:
        hello = client.bio_read(65536)
    for listens in (0, 0x80):
        yield bytes([4 | listens, -(-len(hello) // 8)]) + hello


def _enumeration(name: str) -> list[str]:
    """The variants of an enumeration of src/conversation.rs, in their order."""
    text = (Path(__file__).parent / "src/conversation.rs").read_text()
    body = text.split(f"pub enum {name} {{")[1].split("\n}")[0]
    return re.findall(r"^    ([A-Z]\w*)", body, re.MULTILINE)


# The steps of a connection that is up: each side says something, and is asked everything.
TALK = "c Write 2c01,s Carry,s Read e803,s Write 2c01,c Carry,c Read e803,c Look,s Look,"


def _choose(variants: list[str], name: str) -> bytes:
    """A variant, as the crate `arbitrary` reads it: so much of the range of a u32."""
    return (((variants.index(name) << 32) // len(variants)) + 1).to_bytes(4, "little")


def _steps(story: str) -> bytes:
    """Steps, as the crate `arbitrary` reads them.

    Each is written as its side (c or s), its name, and what belongs to it, in bytes.
    """
    steps = _enumeration("Step")
    script = b""
    for step in story.strip(",").split(","):
        side, name, *rest = step.split()
        script += b"\1" + (b"\1" if side == "c" else b"\0") + _choose(steps, name) + bytes.fromhex("".join(rest))
    return script


def _vector(data: bytes) -> bytes:
    """Bytes of any number, as the crate `arbitrary` reads them: 1 before each, and 0 at the end."""
    return b"".join(bytes([1, byte]) for byte in data) + b"\0"


def conversations() -> Iterator[bytes]:
    """Conversations that go well, or nearly, as the crate `arbitrary` reads them; the fuzzer makes the rest of them."""
    protocols = _enumeration("Protocol")
    stories = (
        "c Shake," + TALK,
        "c Handshake,s Carry,s Handshake,c Carry,c Handshake,s Carry,s Handshake," + TALK,
        "c Shake,c Full 01,c Write 2c01,s Read e803,c Full 00,c Write 0000,s Carry,s Read e803," + TALK,
        "c Shake,c WriteAll ffff,c WriteAll ffff,s Carry,s Read ffff,s Read ffff,s Unseal,s Peek 0100,s Ready,",
        "c Shake,c Cork 01,c Write 0100,c Write 0100,c Cork 00,s Carry,s Read e803," + TALK,
        "c Shake,s Renegotiate,s Handshake,c Carry,c Read 0100,s Carry,s Handshake,c Carry,c Read 0100," + TALK,
        "c Shake,c Shutdown,s Carry,s Read 0100,s Shutdown,c Carry,c Shutdown,c Goodbye,",
        "c Shake,c Write 2c01,s Change 200001,s Read e803,c Carry,c Read 0100,",
        "c Shake,c Write 2c01,c Write 2c01,s Reverse,s Read e803,c Write 2c01,s Repeat,s Read e803,s Unseal,",
        "c Shake,c Write 2c01,s Cut 2000,s Read e803,s End,s Read e803,",
        "c Handshake,s Carry,s Listen,c Carry,c Handshake,s Carry,s Listen,c Shake," + TALK,
        "c Mtu d000,s Mtu 0004,c Handshake,s Lose,c Timeout,c Shake," + TALK,
        "c Shake,s Record 1503030101010200,s Read 0100,",
        "c Handshake,s Carry,c Inject 01160103010300010001010000,c Handshake,",
    )
    for protocol in protocols:
        for objects in (b"\0", b"\1\0", b"\1\7"):
            for story in stories:
                yield _choose(protocols, protocol) + objects + _steps(story)


# What a side answers in targets/callbacks.rs, in its order; each with a value that lets the handshake go on.
ANSWERS = {
    "verify": b"\1",
    "info": b"",
    "keylog": b"",
    "server_name": b"\0",
    "alpn": b"\0",
    "offered": b"",
    # The shortest response of OCSP: "try later".
    "response": b"\1" + _vector(b"\x30\x03\x0a\x01\x03"),
    "check": b"\1",
    "cookie": _vector(b"a cookie"),
    "cookie_is_ours": b"\1",
}


def _answers(fails: str = "") -> bytes:
    """What one side answers, as the crate `arbitrary` reads it; one of the answers may be a failure."""
    said = b""
    for name, value in ANSWERS.items():
        if name == "offered":
            # The first protocol that is offered is taken, or `alpn` is asked.
            said += b"\0" if fails == "alpn" else b"\1\0"
        elif name == fails:
            said += _choose(["Say", "Fail"], "Fail")
        else:
            said += _choose(["Say", "Fail"], "Say") + value
    return said


def callbacks() -> Iterator[bytes]:
    """Handshakes and a talk where all callbacks answer well, and where one of them, of one side, does not."""
    protocols = _enumeration("Protocol")
    good = _answers()
    sides = [good + good]
    for name in ANSWERS:
        if name != "offered":
            sides += [_answers(name) + good, good + _answers(name)]
    for protocol in protocols:
        for listens in (b"\0", b"\1") if protocol == "Dtls" else (b"\0",):
            for both in sides:
                yield _choose(protocols, protocol) + listens + both + _steps(TALK)


def egd() -> Iterator[bytes]:
    """Answers of a daemon, as the target takes them apart; libFuzzer finds the rest."""
    yield b"\x05\x00\x01\x05abcde\x01\x02xy"
    yield bytes(64)


def corpora() -> dict[str, list[bytes]]:
    """What each target begins with."""
    certificates = [one.public_bytes(form) for one in CERTIFICATES for form in (Encoding.DER, Encoding.PEM)]
    private = list(keys())
    lists_of_revocations = list(lists())
    pem = [one for one in certificates + private + lists_of_revocations if one.startswith(b"-----")]
    return {
        "certificate": [*certificates, b"".join(one for one in certificates if one.startswith(b"-----"))],
        "request": list(requests()),
        "crl": lists_of_revocations,
        "key": private,
        "bundle": [b"".join(pem[:4]), pem[0] + b"text\n" + lists_of_revocations[1] + pem[-1]],
        "pkcs12": list(bags()),
        "pkcs7": list(messages()),
        "spki": list(signed_keys()),
        "extension_text": [text.encode() for text in EXTENSIONS],
        "name": [b"\x00\x05hello" + NAME.public_bytes()],
        "first_bytes": list(hellos()),
        "conversation": list(conversations()),
        "callbacks": list(callbacks()),
        "egd": list(egd()),
    }


def main(folder: Path) -> None:
    """Write the corpora that are not there yet."""
    for name, seeds in corpora().items():
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        if any(place.iterdir()):
            continue
        for number, seed in enumerate(seeds):
            (place / f"seed-{number:02}").write_bytes(seed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
