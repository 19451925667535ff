"""X509: its fields, its times, signing, digests, and the certificates of the package `cryptography`."""

import calendar
import copy
import datetime
import hashlib
import pickle
import re
import time
import weakref

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import dsa_key, rsa_key, self_signed, unsigned
from tests.support.programs import run
from tests.support.rows import rows

ours_only = pytest.mark.skipif(UPSTREAM, reason="upstream differs")

# The clock of time(2), which is what C asks (a number of linux/time.h; Python has no name for it). It lags behind that
# of time.time() by up to a tick of the kernel.
CLOCK_REALTIME_COARSE = 5


def der(cert):
    return crypto.dump_certificate(crypto.FILETYPE_ASN1, cert)


@rows(21, 22)
def test_class_and_factory():
    assert isinstance(crypto.X509(), crypto.X509)
    if not UPSTREAM:
        assert type(crypto.X509()) is crypto.X509Type


def test_an_empty_certificate():
    cert = crypto.X509()
    assert (cert.get_version(), cert.get_serial_number(), cert.get_extension_count()) == (0, 0, 0)
    assert cert.get_subject().get_components() == []
    for use in (lambda: der(cert), lambda: cert.digest("sha256"), cert.get_pubkey):
        with pytest.raises(crypto.Error) as info:
            use()
        assert info.value.args[0]
    for use in (cert.get_signature_algorithm, cert.has_expired):
        with pytest.raises(ValueError):  # noqa: PT011  the texts are the library's
            use()
    assert crypto.dump_certificate(crypto.FILETYPE_TEXT, cert).startswith(b"Certificate:")


class TestVersion:
    @rows(65, 89)
    @pytest.mark.parametrize("version", [0, 1, 2, 3, 2**31, -1, True])
    def test_set_and_get(self, version):
        cert = crypto.X509()
        assert cert.set_version(version) is None
        assert cert.get_version() == version

    @rows(65)
    def test_two_is_v3(self, rsa):
        assert rsa.server.x509.get_version() == 2
        assert rsa.server.certificate.version is x509.Version.v3

    @pytest.mark.parametrize("version", ["2", 2.0, None, b"2"])
    def test_wrong_types(self, version):
        with pytest.raises(TypeError):
            crypto.X509().set_version(version)

    def test_too_large(self):
        with pytest.raises(OverflowError):
            crypto.X509().set_version(2**70)


class TestSerial:
    @rows(63, 87)
    @given(st.integers(0, 2**2048) | st.integers(0, 2**66))
    def test_any_size(self, serial):
        cert = crypto.X509()
        assert cert.set_serial_number(serial) is None
        assert cert.get_serial_number() == serial

    @rows(63)
    @pytest.mark.parametrize("serial", [0, 1, 127, 128, 255, 256, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 2**159])
    def test_others_read_it(self, serial):
        cert = unsigned()
        cert.set_serial_number(serial)
        cert.sign(rsa_key(), "sha256")
        shown = run(["openssl", "x509", "-inform", "DER", "-noout", "-serial"], der(cert)).stdout
        assert int(shown.partition(b"=")[2], 16) == serial

    @rows(63)
    def test_of_another_maker(self, rsa):
        assert rsa.server.x509.get_serial_number() == rsa.server.certificate.serial_number

    @ours_only
    @pytest.mark.parametrize("serial", [-1, -128, -(2**64), -(2**200)])
    def test_negative(self, serial):
        cert = crypto.X509()
        cert.set_serial_number(7)
        with pytest.raises(ValueError, match="negative"):
            cert.set_serial_number(serial)
        assert cert.get_serial_number() == 7

    @pytest.mark.parametrize("number", [b"\xff", b"\x80", b"\xff\x00", b"\x80" + b"\x00" * 19])
    def test_negative_in_a_file(self, number):
        body = der(self_signed())
        at = body.index(b"\x02\x01\x01")
        changed = bytearray(body[:at] + b"\x02" + bytes([len(number)]) + number + body[at + 3 :])
        grown = len(number) - 1
        for length in (2, 6):
            old = int.from_bytes(changed[length : length + 2], "big")
            changed[length : length + 2] = (old + grown).to_bytes(2, "big")
        cert = crypto.load_certificate(crypto.FILETYPE_ASN1, bytes(changed))
        assert cert.get_serial_number() == int.from_bytes(number, "big", signed=True)

    @rows(87)
    @pytest.mark.parametrize("serial", ["1", 1.0, None, b"1"])
    def test_wrong_types(self, serial):
        with pytest.raises(TypeError):
            crypto.X509().set_serial_number(serial)

    @ours_only
    @pytest.mark.parametrize("serial", [5, 2**63, 2**70, 2**160])
    def test_what_stands_for_an_integer(self, serial):
        asked = []

        class Index:
            def __index__(self):
                asked.append(self)
                return serial

        cert = crypto.X509()
        cert.set_serial_number(Index())
        assert cert.get_serial_number() == serial
        assert len(asked) == 1
        Index.__index__ = lambda self: -serial
        with pytest.raises(ValueError, match="negative"):
            cert.set_serial_number(Index())

    @ours_only
    @pytest.mark.parametrize("error", [TypeError("mine"), ValueError("mine"), KeyboardInterrupt("mine")])
    def test_what_fails_to_stand_for_an_integer(self, error):
        class Index:
            def __index__(self):
                raise error

        with pytest.raises(type(error), match="mine") as info:
            crypto.X509().set_serial_number(Index())
        assert info.value is error
        Index.__index__ = lambda self: "1"
        with pytest.raises(TypeError, match="__index__ returned non-int"):
            crypto.X509().set_serial_number(Index())


FORMS = [b"20200101000000Z", b"20200101000000+0100", b"20200101000000-0800"]
NO_TIMES = [b"", b"x", b"20200101000000", b"20200230000000Z", b"20201301000000Z", b"20200101000000+01", b"2020-01-01"]


@pytest.mark.parametrize("which", ["notBefore", "notAfter"])
class TestTimes:
    def get(self, cert, which):
        return getattr(cert, f"get_{which}")()

    def set(self, cert, which, when):
        return getattr(cert, f"set_{which}")(when)

    @rows(66, 67, 68, 69, 71, 72, 73, 74, 76, 77, 78, 79)
    @pytest.mark.parametrize("when", FORMS)
    def test_the_three_forms_come_back(self, which, when):
        cert = crypto.X509()
        assert self.set(cert, which, when) is None
        assert self.get(cert, which) == when

    @rows(70, 75)
    def test_none_where_there_is_no_value(self, which):
        assert self.get(crypto.X509(), which) is None

    @rows(66, 71)
    @pytest.mark.parametrize(
        ("when", "shown"), [(b"200101000000Z", b"20200101000000Z"), (b"990101000000Z", b"19990101000000Z")]
    )
    def test_utctime_is_expanded(self, which, when, shown):
        cert = crypto.X509()
        self.set(cert, which, when)
        assert self.get(cert, which) == shown

    @rows(67, 72)
    def test_of_another_maker(self, which, rsa):
        shown = self.get(rsa.server.x509, which)
        assert re.fullmatch(rb"\d{14}Z", shown)
        theirs = rsa.server.certificate
        expected = theirs.not_valid_before_utc if which == "notBefore" else theirs.not_valid_after_utc
        assert shown.decode() == expected.strftime("%Y%m%d%H%M%SZ")

    @rows(77, 79)
    @pytest.mark.parametrize("when", NO_TIMES)
    def test_other_texts(self, which, when):
        cert = crypto.X509()
        self.set(cert, which, FORMS[0])
        with pytest.raises(ValueError, match="Invalid string"):
            self.set(cert, which, when)
        assert self.get(cert, which) == FORMS[0]

    @ours_only
    def test_nul(self, which):
        with pytest.raises(ValueError, match="Invalid string"):
            self.set(crypto.X509(), which, FORMS[0] + b"\0")

    @ours_only
    @pytest.mark.parametrize("kind", [bytes.decode, bytearray, memoryview])
    def test_kinds_of_text(self, which, kind):
        cert = crypto.X509()
        self.set(cert, which, kind(FORMS[1]))
        assert self.get(cert, which) == FORMS[1]

    @pytest.mark.parametrize("when", [None, 20200101000000, object()])
    def test_wrong_types(self, which, when):
        with pytest.raises(TypeError):
            self.set(crypto.X509(), which, when)

    @rows(80, 81)
    @pytest.mark.parametrize("amount", [0, 3600, -3600, 10**9, True])
    def test_adjusting_is_from_now(self, which, amount):
        cert = crypto.X509()
        self.set(cert, which, FORMS[0])
        before = int(time.clock_gettime(CLOCK_REALTIME_COARSE))
        assert getattr(cert, f"gmtime_adj_{which}")(amount) is None
        after = int(time.clock_gettime(CLOCK_REALTIME_COARSE))
        shown = calendar.timegm(time.strptime(self.get(cert, which).decode(), "%Y%m%d%H%M%SZ"))
        assert before + amount <= shown <= after + amount

    @pytest.mark.parametrize("amount", ["1", 1.0, None])
    def test_adjusting_wrong_types(self, which, amount):
        with pytest.raises(TypeError):
            getattr(crypto.X509(), f"gmtime_adj_{which}")(amount)

    @ours_only
    @pytest.mark.parametrize("amount", [2**40, -(2**63), 2**62])
    def test_adjusting_out_of_the_calendar(self, which, amount):
        cert = crypto.X509()
        with pytest.raises(ValueError, match="years"):
            getattr(cert, f"gmtime_adj_{which}")(amount)
        assert self.get(cert, which) is None

    def test_adjusting_out_of_c(self, which):
        with pytest.raises(OverflowError):
            getattr(crypto.X509(), f"gmtime_adj_{which}")(2**63)


class TestExpired:
    @rows(82, 83)
    @pytest.mark.parametrize(("amount", "expired"), [(-1, True), (-(10**6), True), (100, False), (10**6, False)])
    def test_around_now(self, amount, expired):
        cert = crypto.X509()
        cert.gmtime_adj_notAfter(amount)
        assert cert.has_expired() is expired

    @rows(84)
    @ours_only
    @pytest.mark.parametrize("hours", [-12, -8, -1, 1, 5, 12])
    def test_with_an_offset(self, hours):
        cert = crypto.X509()
        zone = datetime.timezone(datetime.timedelta(hours=hours))
        for minutes, expired in ((-5, True), (5, False)):
            when = datetime.datetime.now(zone) + datetime.timedelta(minutes=minutes)
            cert.set_notAfter(when.strftime("%Y%m%d%H%M%S%z").encode())
            assert cert.has_expired() is expired

    def test_without_a_date(self):
        with pytest.raises(ValueError, match="Unable to determine notAfter"):
            crypto.X509().has_expired()


class TestNames:
    @rows(61, 64, 85, 88)
    @pytest.mark.parametrize("which", ["subject", "issuer"])
    def test_set_copies(self, which):
        cert, other = crypto.X509(), crypto.X509()
        name = other.get_subject()
        name.CN = "first"
        assert getattr(cert, f"set_{which}")(name) is None
        name.CN = "second"
        found = getattr(cert, f"get_{which}")()
        assert type(found) is crypto.X509Name
        assert found.get_components() == [(b"CN", b"first")]

    @rows(85)
    @pytest.mark.parametrize("thing", [None, "CN=x", b"x", 1, object()])
    def test_wrong_types(self, thing):
        for method in (crypto.X509().set_subject, crypto.X509().set_issuer):
            with pytest.raises(TypeError):
                method(thing)

    def test_live_view(self):
        cert = unsigned("before")
        view = cert.get_subject()
        cert.get_subject().CN = "after"
        assert view.CN == "after"
        assert cert.get_issuer().CN == "before"

    def test_view_keeps_its_owner(self):
        cert = crypto.X509()
        cert.get_subject().CN = "alive"
        view = cert.get_subject()
        del cert
        assert view.CN == "alive"

    def test_view_ends_when_the_name_is_replaced(self):
        cert, other = unsigned("old"), unsigned("new")
        subject, issuer = cert.get_subject(), cert.get_issuer()
        cert.set_subject(other.get_subject())
        for use in (lambda: subject.CN, subject.der, subject.hash, subject.get_components, lambda: repr(subject)):
            with pytest.raises(AttributeError):
                use()
        with pytest.raises(AttributeError):
            subject.CN = "x"
        assert issuer.CN == "old"
        assert cert.get_subject().CN == "new"

    def test_setting_its_own_name(self):
        cert = unsigned("self")
        cert.set_subject(cert.get_subject())
        cert.set_subject(cert.get_issuer())
        assert cert.get_subject().CN == "self"

    @ours_only
    def test_what_was_loaded_changes_in_its_encoding_too(self):
        cert = crypto.load_certificate(crypto.FILETYPE_ASN1, der(self_signed("before")))
        digest = cert.digest("sha1")
        cert.get_subject().CN = "changed"
        assert b"changed" in der(cert)
        assert cert.digest("sha1") != digest

    @rows(91)
    def test_hash(self, rsa):
        cert = rsa.server.x509
        shown = run(["openssl", "x509", "-noout", "-subject_hash"], rsa.server.cert_pem).stdout
        assert cert.subject_name_hash() == cert.get_subject().hash() == int(shown, 16)


class TestPublicKey:
    @rows(62, 86)
    @pytest.mark.parametrize("key", [rsa_key, dsa_key])
    def test_set_and_get(self, key):
        cert = crypto.X509()
        assert cert.set_pubkey(key()) is None
        found = cert.get_pubkey()
        assert type(found) is crypto.PKey
        assert (found.type(), found.bits()) == (key().type(), key().bits())
        written = [crypto.dump_publickey(crypto.FILETYPE_ASN1, one) for one in (found, key())]
        assert written[0] == written[1]

    @rows(86)
    @pytest.mark.parametrize("thing", [None, "key", object()])
    def test_wrong_types(self, thing):
        with pytest.raises(TypeError):
            crypto.X509().set_pubkey(thing)


class TestSign:
    @rows(90)
    @pytest.mark.parametrize("digest", ["sha1", "sha256", "SHA384", "sha512"])
    def test_others_verify(self, digest, tmp_path):
        cert = unsigned()
        assert cert.sign(rsa_key(), digest) is None
        assert cert.get_signature_algorithm() == f"{digest.lower()}WithRSAEncryption".encode()
        path = tmp_path / "cert.pem"
        path.write_bytes(crypto.dump_certificate(crypto.FILETYPE_PEM, cert))
        checked = run(["openssl", "verify", "-auth_level", "0", "-check_ss_sig", "-CAfile", str(path), str(path)])
        assert checked.returncode == 0, checked

    @rows(90)
    def test_the_signature_is_of_the_certificate(self):
        cert = self_signed()
        cert.to_cryptography().verify_directly_issued_by(cert.to_cryptography())
        other = unsigned(key=rsa_key(1))
        other.sign(rsa_key(), "sha256")
        with pytest.raises(Exception):  # noqa: B017, PT011  cryptography's own
            other.to_cryptography().verify_directly_issued_by(other.to_cryptography())

    def test_dsa(self):
        cert = self_signed(key=dsa_key())
        assert cert.get_signature_algorithm() == b"dsa_with_SHA256"

    @ours_only
    @pytest.mark.parametrize("digest", [None, "sha256", "no such digest"])
    @pytest.mark.parametrize("kind", [ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey])
    def test_keys_that_take_no_digest(self, kind, digest):
        theirs = kind.generate()
        key = crypto.PKey.from_cryptography_key(theirs)
        cert = unsigned(key=key)
        cert.sign(key, digest)
        cert.to_cryptography().verify_directly_issued_by(cert.to_cryptography())

    @rows(90)
    @pytest.mark.parametrize("digest", ["", "no such digest", "sha256\0", "é"])
    def test_unknown_digest(self, digest):
        with pytest.raises(ValueError, match="No such digest method"):
            unsigned().sign(rsa_key(), digest)

    @ours_only
    def test_no_digest(self):
        with pytest.raises(ValueError, match="No such digest method"):
            unsigned().sign(rsa_key(), None)

    def test_public_key(self):
        with pytest.raises(ValueError, match="public part"):
            unsigned().sign(self_signed().get_pubkey(), "sha256")

    @pytest.mark.parametrize("thing", [None, "key", object()])
    def test_wrong_key_types(self, thing):
        with pytest.raises(TypeError):
            unsigned().sign(thing, "sha256")

    @ours_only
    @pytest.mark.parametrize("digest", [1, object()])
    def test_wrong_digest_types(self, digest):
        with pytest.raises(TypeError):
            unsigned().sign(rsa_key(), digest)

    def test_incomplete(self):
        with pytest.raises(crypto.Error) as info:
            crypto.X509().sign(rsa_key(), "sha256")
        assert info.value.args[0]


class TestDigest:
    @rows(92)
    @pytest.mark.parametrize("name", ["md5", "sha1", "sha256", "SHA512", "sha3-256"])
    def test_is_that_of_the_encoding(self, name, rsa):
        expected = hashlib.new(name.lower().replace("sha3-", "sha3_"), rsa.server.cert_der).digest()
        assert rsa.server.x509.digest(name) == expected.hex(":").upper().encode()

    @rows(92)
    @pytest.mark.parametrize("name", ["", "no such digest", "é"])
    def test_unknown(self, name, rsa):
        with pytest.raises(ValueError, match="No such digest method"):
            rsa.server.x509.digest(name)

    @ours_only
    @pytest.mark.parametrize("name", [None, 1, object()])
    def test_wrong_types(self, name, rsa):
        with pytest.raises(TypeError):
            rsa.server.x509.digest(name)


def test_extension_count(rsa):
    assert rsa.server.x509.get_extension_count() == len(list(rsa.server.certificate.extensions)) > 0


class TestCryptography:
    def test_round_trip(self, rsa):
        ours = crypto.X509.from_cryptography(rsa.server.certificate)
        assert type(ours) is crypto.X509
        assert ours.to_cryptography() == rsa.server.certificate

    @pytest.mark.parametrize("thing", [None, 1, b"", object()])
    def test_wrong_types(self, thing):
        with pytest.raises(TypeError, match="Must be a certificate"):
            crypto.X509.from_cryptography(thing)


class TestObject:
    def test_constructor_takes_nothing(self):
        with pytest.raises(TypeError):
            crypto.X509(1)

    def test_subclass_attributes_and_weak_references(self):
        class Certificate(crypto.X509):
            def __init__(self, label):
                super().__init__()
                self.label = label

        cert = Certificate("mine")
        cert.set_serial_number(5)
        assert (cert.label, cert.get_serial_number()) == ("mine", 5)
        assert weakref.ref(cert)() is cert

    @pytest.mark.parametrize("how", [pickle.dumps, copy.deepcopy])
    def test_pickle_and_deepcopy(self, how):
        with pytest.raises(TypeError):
            how(self_signed())
