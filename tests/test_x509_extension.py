"""X509Extension, and the extensions of an X509."""

import pickle
import weakref

import pytest
from cryptography import x509
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import rsa_key, self_signed, unsigned
from tests.support.programs import run
from tests.support.rows import rows

pytestmark = pytest.mark.skipif(UPSTREAM, reason="upstream has removed X509Extension")


def made(name, value, critical=False, **certificates):
    return crypto.X509Extension(name, critical, value, **certificates)


def signed_with(*extensions):
    cert = unsigned()
    cert.add_extensions(extensions)
    cert.sign(rsa_key(), "sha256")
    return cert


@rows(32)
def test_type_of_the_manual():
    assert type(made(b"basicConstraints", b"CA:true", True)) is crypto.X509ExtensionType
    assert crypto.X509ExtensionType is crypto.X509Extension


@rows(33, 133)
def test_constructor():
    extension = crypto.X509Extension(b"basicConstraints", True, b"CA:true")
    assert extension.get_critical() is True
    assert str(extension) == "CA:TRUE"
    assert extension.get_short_name() == b"basicConstraints"
    assert extension.get_data() == b"\x30\x03\x01\x01\xff"
    assert crypto.X509Extension("basicConstraints", 0, "CA:false").get_critical() is False
    for arguments in ((), (b"basicConstraints",), (b"basicConstraints", True), (b"a", 1, b"b", None, None, 1)):
        with pytest.raises(TypeError):
            crypto.X509Extension(*arguments)


def test_keywords():
    extension = crypto.X509Extension(type_name=b"nsComment", critical=False, value=b"text", subject=None, issuer=None)
    assert str(extension) == "text"


STANDARD = [
    ("basicConstraints", "CA:TRUE, pathlen:0", "CA:TRUE, pathlen:0"),
    ("keyUsage", "digitalSignature, keyCertSign", "Digital Signature, Certificate Sign"),
    ("extendedKeyUsage", "serverAuth, 1.2.3", "TLS Web Server Authentication, 1.2.3"),
    ("subjectAltName", "DNS:a, IP:192.0.2.1, email:a@b, URI:http://x", None),
    ("nameConstraints", "permitted;DNS:example.org", "Permitted:\n  DNS:example.org"),
    ("policyConstraints", "requireExplicitPolicy:3", "Require Explicit Policy:3"),
    ("inhibitAnyPolicy", "2", "2"),
    ("certificatePolicies", "1.2.3.4", "Policy: 1.2.3.4"),
    ("crlDistributionPoints", "URI:http://x/crl", None),
    ("authorityInfoAccess", "OCSP;URI:http://ocsp", "OCSP - URI:http://ocsp"),
    ("tlsfeature", "status_request", "status_request"),
    ("subjectKeyIdentifier", "0102", "01:02"),
    ("nsComment", "hello", "hello"),
    ("noCheck", "ignored", ""),
]


@pytest.mark.parametrize(("name", "value", "text"), STANDARD)
def test_standard_extensions(name, value, text):
    extension = made(name, value)
    assert extension.get_short_name() == name.encode()
    if text is not None:
        assert str(extension).strip() == text
    cert = signed_with(extension)
    [found] = cert.to_cryptography().extensions
    assert found.critical is False
    if name not in ("nsComment", "noCheck"):
        assert not isinstance(found.value, x509.UnrecognizedExtension)
    judged = run(["openssl", "x509", "-noout", "-text"], crypto.dump_certificate(crypto.FILETYPE_PEM, cert))
    assert judged.returncode == 0
    assert str(extension).split("\n")[0].strip().encode() in judged.stdout


def test_any_extension_by_its_number():
    extension = made("1.2.3.4", "DER:0500", True)
    assert (extension.get_short_name(), extension.get_data()) == (b"UNDEF", b"\x05\x00")
    assert "05 00" in str(extension)
    assert made("1.2.3.4", "ASN1:UTF8String:text").get_data() == b"\x0c\x04text"
    [found] = signed_with(extension).to_cryptography().extensions
    assert (found.oid.dotted_string, found.critical, found.value.value) == ("1.2.3.4", True, b"\x05\x00")


def test_critical_in_the_text():
    assert made("keyUsage", "critical, cRLSign").get_critical() is True


@pytest.mark.parametrize("critical", [True, 1, "yes", [0], object()])
def test_critical_is_any_truth_value(critical):
    assert made("nsComment", "x", critical).get_critical() is True


@pytest.mark.parametrize("critical", [False, 0, "", [], None])
def test_not_critical(critical):
    assert made("nsComment", "x", critical).get_critical() is False


BAD = [
    ("", ""),
    ("nothing", "x"),
    ("basicConstraints", ""),
    ("basicConstraints", "nonsense"),
    ("basicConstraints", "CA:maybe"),
    ("keyUsage", "digitalSignature, nonsense"),
    ("subjectAltName", "IP:1.2.3"),
    ("1.2.3.4", "text"),
    ("1.2.3.4", "DER:0"),
    ("1.2.3.4", "ASN1:NoSuchType:x"),
    ("subjectKeyIdentifier", "hash"),
    ("authorityKeyIdentifier", "keyid:always"),
    ("subjectAltName", "email:copy"),
    ("issuerAltName", "issuer:copy"),
]

OUTSIDE = [
    ("subjectAltName", "@names"),
    ("subjectAltName", "dirName:name"),
    ("subjectAltName", "otherName:1.2.3.4;SEQUENCE:name"),
    ("subjectAltName", "email:move"),
    ("certificatePolicies", "@policy"),
    ("certificatePolicies", "ia5org, 1.2.3.4, @policy"),
    ("crlDistributionPoints", "point"),
    ("issuingDistributionPoint", "fullname:@names"),
    ("nameConstraints", "permitted;dirName:name"),
    ("1.2.3.4", "ASN1:SEQUENCE:name"),
    ("proxyCertInfo", "@section"),
]


@pytest.mark.parametrize(("name", "value"), BAD + OUTSIDE)
def test_refused(name, value):
    with pytest.raises(crypto.Error) as info:
        made(name, value)
    assert info.value.args[0]


@pytest.mark.parametrize("shape", ["policy:file:{}", "policy : file:{}", "policy:\x0bfile:{}"])
def test_no_value_reads_a_file(shape, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    for critical in ("", "critical,", "critical, "):
        value = f"{critical}language:id-ppl-anyLanguage,{shape.format(secret)}"
        with pytest.raises(crypto.Error, match="file"):
            made("proxyCertInfo", value)
    assert made("proxyCertInfo", "DER:300c300a06082b06010505071500").get_short_name() == b"proxyCertInfo"


def test_configuration_of_the_environment_is_not_used(monkeypatch, tmp_path):
    conf = tmp_path / "openssl.cnf"
    conf.write_text("[names]\nDNS.1=from.the.file\n")
    monkeypatch.setenv("OPENSSL_CONF", str(conf))
    for value in ("@names", "@ENV", "@default"):
        with pytest.raises(crypto.Error):
            made("subjectAltName", value)


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"nsComment", b"a\0b"), (b"nsComment\0", b"a"), ("nsComment", "a\nDNS:b"), ("nsComment", "a\r")],
)
def test_nul_and_line_breaks(name, value):
    with pytest.raises(ValueError, match=r"NUL byte|one line"):
        made(name, value)


def test_bytes_that_are_no_text():
    with pytest.raises(ValueError, match="UTF-8"):
        made(b"nsComment", b"\xff")


@pytest.mark.parametrize("wrong", [None, 1, 1.5, object(), ["x"]])
def test_wrong_types(wrong):
    for arguments in ((wrong, False, b"x"), (b"nsComment", False, wrong)):
        with pytest.raises(TypeError):
            crypto.X509Extension(*arguments)
    if wrong is not None:
        for name in ("subject", "issuer"):
            with pytest.raises(TypeError, match=name):
                made("nsComment", "x", **{name: wrong})


class TestOfCertificates:
    def test_key_identifiers(self):
        cert = unsigned()
        identifier = made("subjectKeyIdentifier", "hash", subject=cert)
        cert.add_extensions([identifier])
        cert.add_extensions([made("authorityKeyIdentifier", "keyid:always,issuer:always", issuer=cert)])
        cert.sign(rsa_key(), "sha256")
        judged = cert.to_cryptography().extensions
        expected = x509.SubjectKeyIdentifier.from_public_key(cert.get_pubkey().to_cryptography_key())
        assert judged.get_extension_for_class(x509.SubjectKeyIdentifier).value == expected
        authority = judged.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        assert authority.key_identifier == expected.digest
        assert authority.authority_cert_serial_number == 1

    def test_positional(self):
        cert = self_signed()
        crypto.X509Extension(b"subjectKeyIdentifier", False, b"hash", cert, cert)

    def test_two_certificates(self):
        issuer, subject = self_signed("issuer"), unsigned("subject", rsa_key(1))
        issuer.add_extensions([made("subjectKeyIdentifier", "01020304")])
        for one, other in ((issuer, subject), (subject, issuer)):
            made("subjectKeyIdentifier", "hash", subject=one, issuer=other)
        found = made("authorityKeyIdentifier", "keyid", subject=subject, issuer=issuer)
        assert found.get_data() == b"\x30\x06\x80\x04\x01\x02\x03\x04"

    def test_looking_does_not_change(self, rsa):
        cert = rsa.intermediate.x509
        made("authorityKeyIdentifier", "keyid,issuer", issuer=cert, subject=cert)
        assert crypto.dump_certificate(crypto.FILETYPE_ASN1, cert) == rsa.intermediate.cert_der

    def test_addresses_are_copied(self):
        cert = unsigned()
        cert.get_subject().emailAddress = "a@example.org"
        assert str(made("subjectAltName", "email:copy,DNS:b", subject=cert)) == "email:a@example.org, DNS:b"
        assert cert.get_subject().emailAddress == "a@example.org"

    @rows(93)
    def test_add_and_get(self):
        cert = unsigned()
        assert cert.get_extension_count() == 0
        assert cert.add_extensions([]) is None
        cert.add_extensions(iter([made("nsComment", "one"), made("keyUsage", "cRLSign", True)]))
        cert.add_extensions((made("nsComment", "two"),))
        assert cert.get_extension_count() == 3
        found = [cert.get_extension(index) for index in range(3)]
        assert [str(one) for one in found] == ["one", "CRL Sign", "two"]
        assert [one.get_critical() for one in found] == [False, True, False]
        assert type(found[0]) is crypto.X509Extension

    @pytest.mark.parametrize("index", [-1, 1, 2**31, 2**62, -(2**62)])
    def test_index_out_of_bounds(self, index):
        with pytest.raises(IndexError):
            signed_with(made("nsComment", "x")).get_extension(index)

    @pytest.mark.parametrize("index", [None, "0", 1.0])
    def test_index_of_a_wrong_type(self, index):
        with pytest.raises(TypeError):
            self_signed().get_extension(index)

    def test_add_wrong_types(self):
        cert = unsigned()
        for wrong in (None, 1, object(), made("nsComment", "x")):
            with pytest.raises(TypeError):
                cert.add_extensions(wrong)
        for wrong in (["x"], [made("nsComment", "x"), None]):
            with pytest.raises(ValueError, match="not an X509Extension"):
                cert.add_extensions(wrong)
        assert cert.get_extension_count() == 0

    def test_extensions_of_a_certificate_that_c_shares(self):
        cert = self_signed()
        crypto.X509Store().add_cert(cert)
        cert.add_extensions([made("basicConstraints", "CA:TRUE", True)])
        cert.sign(rsa_key(), "sha256")
        store = crypto.X509Store()
        store.add_cert(cert)
        crypto.X509StoreContext(store, cert).verify_certificate()

    def test_extensions_written_by_cryptography(self, rsa):
        cert = rsa.server.x509
        texts = [str(cert.get_extension(index)) for index in range(cert.get_extension_count())]
        assert "DNS:localhost, IP Address:127.0.0.1" in texts


class TestAlternativeNames:
    def text(self, *names):
        data = x509.SubjectAlternativeName(names).public_bytes()
        return str(made("subjectAltName", f"DER:{data.hex()}"))

    def test_each_kind(self):
        text = "DNS:a.b, IP Address:192.0.2.1, IP Address:0:0:0:0:0:0:0:1, Registered ID:1.2.3"
        assert str(made("subjectAltName", "DNS:a.b,IP:192.0.2.1,IP:::1,RID:1.2.3")) == text
        assert str(made("issuerAltName", "DNS:a, DNS:b")) == "DNS:a, DNS:b"

    def test_nul(self):
        # As in CVE-2013-4238 and CVE-2013-4314.
        names = [
            x509.DNSName._init_without_validation("good.example\0.evil.example"),
            x509.RFC822Name._init_without_validation("a@good.example\0.evil.example"),
            x509.UniformResourceIdentifier._init_without_validation("http://good.example\0.evil.example"),
        ]
        assert self.text(*names) == (
            "DNS:good.example\0.evil.example, email:a@good.example\0.evil.example, "
            "URI:http://good.example\0.evil.example"
        )

    @pytest.mark.parametrize("value", ["a, DNS:b", "a,DNS:b", "a\nDNS:b", "a\r\n, b", "a\\2C b", "a\x1b[2K"])
    def test_separators(self, value):
        text = self.text(x509.DNSName._init_without_validation(value))
        assert text.startswith("DNS:a")
        assert not set(text) & set(",\n\r\x1b")
        assert text.count("\\") == sum(not character.isprintable() or character in ",\\" for character in value)

    def test_directory_names(self):
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a, DNS:evil.example")])
        assert self.text(x509.DirectoryName(name)) == "DirName:CN = a\\2C DNS:evil.example"
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'quo"te \\ + plus')])
        assert self.text(x509.DirectoryName(name)) == 'DirName:CN = quo\\"te \\\\ \\+ plus'

    def test_other_names(self):
        upn = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
        assert self.text(x509.OtherName(upn, b"\x0c\x03a\0b")) == "othername:UPN:a\0b"
        assert self.text(x509.OtherName(upn, b"\x0c\x08a, DNS:b")) == "othername:UPN:a\\2C DNS:b"

    def test_values_that_are_no_names(self):
        for value in ("DER:", "DER:04", "DER:3003020101"):
            with pytest.raises(crypto.Error) as info:
                str(made("subjectAltName", value))
            assert info.value.args[0]


def test_object():
    class Extension(crypto.X509Extension):
        def __init__(self, text):
            super().__init__("nsComment", False, text)
            self.note = "mine"

    extension = Extension("text")
    assert str(extension) == "text"
    assert weakref.ref(extension)() is extension
    with pytest.raises(TypeError):
        pickle.dumps(extension)

    class Unready(crypto.X509Extension):
        def __init__(self):
            pass

    for use in (Unready.get_critical, Unready.get_data, Unready.get_short_name, str):
        with pytest.raises(ValueError, match="__init__"):
            use(Unready())
    with pytest.raises(ValueError, match="__init__"):
        unsigned().add_extensions([Unready()])
