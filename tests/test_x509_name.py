"""X509Name: its components, copies, comparison, encodings."""

import copy
import datetime
import hashlib
import pickle
import weakref

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import self_signed
from tests.support.programs import run
from tests.support.rows import rows

ours_only = pytest.mark.skipif(UPSTREAM, reason="upstream differs")

MEMBERS = {
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "commonName": "CN",
    "emailAddress": "emailAddress",
}


def name(**components):
    """Return a name of its own."""
    made = crypto.X509Name(crypto.X509().get_subject())
    for key, value in components.items():
        setattr(made, key, value)
    return made


@rows(23, 24)
def test_constructor_copies():
    cert = crypto.X509()
    view = cert.get_subject()
    view.CN = "x"
    made = crypto.X509Name(view)
    assert type(made) is crypto.X509Name
    assert made == view
    made.CN = "y"
    assert (view.CN, made.CN) == ("x", "y")
    if not UPSTREAM:
        assert crypto.X509NameType is crypto.X509Name


@ours_only
@pytest.mark.parametrize("thing", [None, "CN=x", object()])
def test_constructor_wrong_types(thing):
    with pytest.raises(TypeError):
        crypto.X509Name(thing)


def test_constructor_needs_a_name():
    with pytest.raises(TypeError):
        crypto.X509Name()


class TestMembers:
    @rows(97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110)
    @pytest.mark.parametrize(("long", "short"), MEMBERS.items())
    def test_set_and_get_by_both_names(self, long, short):
        for written, read in ((long, short), (short, long)):
            made = name()
            setattr(made, written, "xx")
            assert getattr(made, written) == getattr(made, read) == "xx"
            assert made.get_components() == [(short.encode(), b"xx")]

    @rows(111)
    @pytest.mark.parametrize("member", [*MEMBERS, *MEMBERS.values(), "serialNumber", "DC", "businessCategory"])
    def test_absent(self, member):
        assert getattr(name(), member) is None

    @rows(97)
    @pytest.mark.parametrize("member", ["serialNumber", "title", "businessCategory", "DC", "UID", "pseudonym"])
    def test_others_that_openssl_knows(self, member):
        made = name()
        setattr(made, member, "12345")
        assert getattr(made, member) == "12345"

    @rows(108)
    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64))
    def test_any_text(self, text):
        made = name(CN=text)
        read = made.CN
        assert read == text
        assert made.get_components() == [(b"CN", text.encode())]

    @rows(98, 108, 110)
    def test_types_of_strings(self):
        encoded = name(CN="é", C="SE", emailAddress="a@b").der()
        assert b"\x0c\x02\xc3\xa9" in encoded  # UTF8String
        assert b"\x13\x02SE" in encoded  # PrintableString
        assert b"\x16\x03a@b" in encoded  # IA5String

    def test_bytes_are_utf8(self):
        made = name(CN="é".encode())
        assert made.CN == "é"
        with pytest.raises(crypto.Error):
            name(CN=b"\xff")

    def test_nul_is_kept(self):
        made = name(CN="a\0b")
        assert (made.CN, made.get_components()) == ("a\0b", [(b"CN", b"a\0b")])

    def test_setting_again_moves_to_the_end(self):
        made = name(CN="x", O="y")
        made.CN = "z"
        assert made.get_components() == [(b"O", b"y"), (b"CN", b"z")]

    def test_several_of_a_kind(self):
        made = crypto.X509.from_cryptography(_certificate_with_two_common_names()).get_subject()
        assert made.CN == "first"
        made.CN = "third"
        assert made.get_components() == [(b"CN", b"second"), (b"CN", b"third")]
        assert made.CN == "second"

    @pytest.mark.parametrize(
        ("member", "value"),
        [("CN", ""), ("CN", "x" * 65), ("C", "S"), ("C", "SWE"), ("C", "éé"), ("emailAddress", "é")],
    )
    def test_a_refused_value(self, member, value):
        made = name(**{member: "SE"})
        with pytest.raises(crypto.Error) as info:
            setattr(made, member, value)
        assert info.value.args[0]
        if not UPSTREAM:
            assert getattr(made, member) == "SE"

    def test_lone_surrogate(self):
        with pytest.raises(UnicodeEncodeError):
            name(CN="\ud800")

    @pytest.mark.parametrize("value", [None, 1, object(), ["x"]])
    def test_wrong_types(self, value):
        made = name(CN="x")
        with pytest.raises(TypeError):
            made.CN = value
        assert made.CN == "x"

    @pytest.mark.parametrize("member", ["nothing", "cn", "C ", "UNDEF", "x" * 5000, "a\0b", "é", ""])
    def test_unknown(self, member):
        made = name()
        with pytest.raises(AttributeError):
            getattr(made, member)
        with pytest.raises(AttributeError):
            setattr(made, member, "x")

    def test_getattr_can_be_called(self):
        made = name()
        made.O = "some"
        assert made.__getattr__("O") == crypto.X509Name.__getattr__(made, "organizationName") == "some"
        with pytest.raises(AttributeError, match="No such attribute"):
            made.__getattr__("nothing")

        class Translated(crypto.X509Name):
            def __getattr__(self, member):
                return super().__getattr__("O" if member == "organisation" else member)

        assert Translated(made).organisation == Translated(made).O == "some"

    def test_names_of_attributes_are_exactly_str(self):
        class Text(str):
            __slots__ = ()

        with pytest.raises(TypeError):
            setattr(name(), Text("CN"), "x")

    def test_underscored_names_are_plain_attributes(self):
        made = name()
        made._note = "mine"
        assert made._note == "mine"
        del made._note
        with pytest.raises(AttributeError):
            _ = made._note
        with pytest.raises(AttributeError):
            del made.CN
        assert made.get_components() == []

    def test_underscored_properties_of_a_subclass(self):
        class Name(crypto.X509Name):
            @property
            def _secret(self):
                return self._kept

            @_secret.setter
            def _secret(self, value):
                self._kept = value + 1

        made = Name(name())
        made._secret = 1
        assert made._secret == 2


class TestComparison:
    def test_equal(self):
        assert name(CN="Example  Name") == name(CN="example name")
        assert name(CN="x") != name(CN="y")
        assert name(CN="x", O="y") != name(O="y", CN="x")
        cert = self_signed()
        assert cert.get_subject() == cert.get_issuer() == cert.get_subject()

    def test_order(self):
        less, more = sorted([name(CN="x"), name(CN="xx")])
        assert less < more
        assert less <= more
        assert more > less
        assert more >= less
        assert not less > more
        assert less <= less  # with itself: one lock for both
        assert less >= less
        assert not less < less

    def test_with_others(self):
        assert name() != "x"
        assert (name() == "x") is False
        with pytest.raises(TypeError):
            _ = name() < "x"

    def test_no_hash(self):
        with pytest.raises(TypeError):
            hash(name())


class TestEncodings:
    @rows(95)
    def test_der(self, rsa):
        assert rsa.server.x509.get_subject().der() == rsa.server.certificate.subject.public_bytes()
        assert name().der() == b"0\x00"

    @rows(94)
    def test_hash(self, rsa):
        subject = rsa.server.x509.get_subject()
        shown = run(["openssl", "x509", "-noout", "-subject_hash"], rsa.server.cert_pem).stdout
        assert subject.hash() == int(shown, 16)

    @rows(94)
    @ours_only
    def test_hash_old(self, rsa):
        subject = rsa.server.x509.get_subject()
        assert subject.hash_old() == int.from_bytes(hashlib.md5(subject.der()).digest()[:4], "little")
        shown = run(["openssl", "x509", "-noout", "-subject_hash_old"], rsa.server.cert_pem).stdout
        assert subject.hash_old() == int(shown, 16)

    @rows(96)
    def test_components(self):
        made = name(C="SE", O="Org", CN="é")
        assert made.get_components() == [(b"C", b"SE"), (b"O", b"Org"), (b"CN", "é".encode())]

    @rows(96)
    def test_components_of_unknown_kinds(self):
        found = crypto.X509.from_cryptography(_certificate_with_unknown_component()).get_subject()
        assert found.get_components() == [(b"UNDEF", b"value")]

    def test_repr(self):
        assert repr(name(C="SE", CN="é")) == "<X509Name object '/C=SE/CN=\\xC3\\xA9'>"
        members = ("O", "OU", "CN", "L", "ST", "title", "GN", "SN", "UID", "pseudonym")
        assert len(repr(name(**dict.fromkeys(members, "y" * 60)))) < 600


class TestObject:
    def test_subclass_and_weak_reference(self):
        class Name(crypto.X509Name):
            def __init__(self, original, label):
                super().__init__(original)
                self._label = label

        made = Name(name(CN="x"), "mine")
        assert (made.CN, made._label) == ("x", "mine")
        assert weakref.ref(made)() is made

    @ours_only
    @pytest.mark.parametrize("how", [copy.copy, copy.deepcopy])
    def test_copies_are_real(self, how):
        original = name(CN="x")
        made = how(original)
        made.CN = "y"
        assert original.CN == "x"

    def test_pickle(self):
        with pytest.raises(TypeError):
            pickle.dumps(name(CN="x"))


def _certificate(*attributes):
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name(attributes)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now)
        .sign(key, hashes.SHA256())
    )


def _certificate_with_two_common_names():
    kind = x509.NameOID.COMMON_NAME
    return _certificate(x509.NameAttribute(kind, "first"), x509.NameAttribute(kind, "second"))


def _certificate_with_unknown_component():
    return _certificate(x509.NameAttribute(x509.ObjectIdentifier("1.2.3.4.5.6.7"), "value"))
