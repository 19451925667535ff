"""CRL and Revoked, reading and writing revocation lists, and verifying with them."""

import datetime
import pickle

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import rsa_key, self_signed
from tests.support.keys import ed25519_key
from tests.support.programs import run

pytestmark = pytest.mark.skipif(UPSTREAM, reason="upstream has removed CRL")

PEM, ASN1, TEXT = crypto.FILETYPE_PEM, crypto.FILETYPE_ASN1, crypto.FILETYPE_TEXT
REASONS = [
    b"unspecified",
    b"keyCompromise",
    b"CACompromise",
    b"affiliationChanged",
    b"superseded",
    b"cessationOfOperation",
    b"certificateHold",
]


def entry(serial=b"2a", reason=b"keyCompromise", date=b"20200101000000Z"):
    made = crypto.Revoked()
    made.set_serial(serial)
    made.set_rev_date(date)
    made.set_reason(reason)
    return made


def crl_of(ca, *entries, digest="sha256", **how):
    """Return a list issued by the intermediate of a throwaway CA, in PEM."""
    made = crypto.CRL()
    made.set_version(1)
    for one in entries:
        made.add_revoked(one)
    return made.export(ca.intermediate.x509, ca.intermediate.pkey, digest=digest, **how)


class TestRevoked:
    def test_fresh(self):
        fresh = crypto.Revoked()
        assert type(fresh) is crypto.Revoked
        assert (fresh.get_serial(), fresh.get_rev_date(), fresh.get_reason()) == (b"00", None, None)

    @pytest.mark.parametrize(
        ("given", "read"),
        [(b"0", b"00"), (b"1", b"01"), ("ab", b"AB"), (b"ABC", b"0ABC"), (b"00ff", b"FF"), (b"f" * 80, b"F" * 80)],
    )
    def test_serial(self, given, read):
        revoked = crypto.Revoked()
        assert revoked.set_serial(given) is None
        assert revoked.get_serial() == read

    @given(st.integers(0, 2**300))
    def test_any_serial(self, number):
        revoked = crypto.Revoked()
        revoked.set_serial(f"{number:x}")
        assert int(revoked.get_serial(), 16) == number

    @pytest.mark.parametrize("wrong", [b"", b"g", b"1g", b"0x1", b" 1", b"1\0", b"1 ", b"-1", "-ff", "\uff11"])
    def test_bad_serials(self, wrong):
        revoked = entry()
        with pytest.raises(ValueError, match=r"bad hex string|negative"):
            revoked.set_serial(wrong)
        assert revoked.get_serial() == b"2A"

    @pytest.mark.parametrize("wrong", [None, 1, 1.5, ["1"]])
    def test_serials_of_wrong_types(self, wrong):
        with pytest.raises(TypeError):
            crypto.Revoked().set_serial(wrong)

    def test_all_reasons(self):
        listed = crypto.Revoked().all_reasons()
        assert listed == REASONS
        listed.clear()
        assert crypto.Revoked().all_reasons() == REASONS

    @pytest.mark.parametrize("reason", [*REASONS, b"removeFromCRL"])
    def test_reasons(self, reason):
        revoked = crypto.Revoked()
        for form in (reason, reason.upper()):
            assert revoked.set_reason(form) is None
            text = revoked.get_reason()
            assert text.replace(b" ", b"").lower() == reason.lower()
            revoked.set_reason(text)
            assert revoked.get_reason() == text
        revoked.set_reason(None)
        assert revoked.get_reason() is None

    @pytest.mark.parametrize("wrong", [b"", b"blue", b"keyCompromise\0"])
    def test_bad_reasons(self, wrong):
        revoked = entry()
        with pytest.raises(ValueError, match="reason"):
            revoked.set_reason(wrong)
        assert revoked.get_reason() == b"Key Compromise"
        with pytest.raises(TypeError):
            revoked.set_reason(1)
        with pytest.raises(TypeError):
            revoked.set_reason("keyCompromise")

    @pytest.mark.parametrize("date", [b"20200101000000Z", b"20200101000000+0100", "20200101000000-0800"])
    def test_dates(self, date):
        revoked = crypto.Revoked()
        assert revoked.set_rev_date(date) is None
        assert revoked.get_rev_date() == (date if isinstance(date, bytes) else date.encode())
        with pytest.raises(ValueError, match="Invalid string"):
            revoked.set_rev_date(b"yesterday")
        for wrong in (None, 1):
            with pytest.raises(TypeError):
                revoked.set_rev_date(wrong)

    def test_object(self):
        class Entry(crypto.Revoked):
            pass

        Entry().note = 1
        with pytest.raises(TypeError):
            pickle.dumps(Entry())
        with pytest.raises(TypeError):
            crypto.Revoked(1)


class TestExport:
    def test_alias(self):
        assert crypto.CRLType is crypto.CRL

    @pytest.mark.parametrize("authority", ["rsa", "ec"])
    def test_judged_by_others(self, authority, request, tmp_path):
        ca = request.getfixturevalue(authority)
        pem = crl_of(ca, entry(), entry(b"3", None))
        theirs = x509.load_pem_x509_crl(pem)
        assert theirs.is_signature_valid(ca.intermediate.key.public_key())
        assert theirs.issuer == ca.intermediate.certificate.subject
        assert [one.serial_number for one in theirs] == [0x2A, 3]
        found = theirs.get_revoked_certificate_by_serial_number(0x2A)
        assert found.extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.key_compromise
        assert found.revocation_date_utc == datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
        span = theirs.next_update_utc - theirs.last_update_utc
        assert span == datetime.timedelta(days=100)
        age = datetime.datetime.now(datetime.UTC) - theirs.last_update_utc
        assert abs(age) < datetime.timedelta(minutes=1)
        judged = run(["openssl", "crl", "-noout", "-text", "-CAfile", ca.intermediate.cert_file], pem)
        assert b"verify OK" in judged.stderr
        assert b"Key Compromise" in judged.stdout

    def test_forms(self, ec):
        made = crypto.CRL()
        made.add_revoked(entry())
        cert, key = ec.intermediate.x509, ec.intermediate.pkey
        assert made.export(cert, key, PEM, 1, b"sha256").startswith(b"-----BEGIN X509 CRL-----\n")
        assert made.export(cert, key, type=ASN1, digest="sha256")[:1] == b"\x30"
        assert made.export(cert, key, TEXT, digest="sha256").startswith(b"Certificate Revocation List (CRL):")
        assert b"Serial Number: 2A" in made.export(cert, key, TEXT, digest="sha256")

    def test_days(self, ec):
        for days in (1, 0, -1, 5000):
            theirs = x509.load_pem_x509_crl(crl_of(ec, days=days))
            assert theirs.next_update_utc - theirs.last_update_utc == datetime.timedelta(days=days)
        for days in (2**62, -(2**62), 10**7):
            with pytest.raises(ValueError, match=r"days|years"):
                crl_of(ec, days=days)

    @pytest.mark.parametrize("how", ["export", "sign"])
    def test_order(self, ec, how):
        made = crypto.CRL()
        for serial in (b"2A", b"01", b"10"):
            one = entry()
            one.set_serial(serial)
            made.add_revoked(one)
        cert, key = ec.intermediate.x509, ec.intermediate.pkey
        if how == "export":
            written = made.export(cert, key, ASN1, digest="sha256")
        else:
            made.set_lastUpdate(b"20200101000000Z")
            made.sign(cert, key, "sha256")
            written = crypto.dump_crl(ASN1, made)
        serials = [one.get_serial() for one in crypto.load_crl(ASN1, written).get_revoked()]
        assert serials == ([b"2A", b"01", b"10"] if how == "export" else [b"01", b"10", b"2A"])

    def test_keys_without_digest(self):
        cert = crypto.X509()
        cert.get_subject().CN = "x"
        for how in ({}, {"digest": None}, {"digest": "sha256"}, {"digest": "anything"}):
            pem = crypto.CRL().export(cert, ed25519_key(), **how)
            public = ed25519_key().to_cryptography_key().public_key()
            assert x509.load_pem_x509_crl(pem).is_signature_valid(public)

    def test_refusals(self, ec):
        cert, key, made = ec.intermediate.x509, ec.intermediate.pkey, crypto.CRL()
        for how in ({}, {"digest": None}):
            with pytest.raises(TypeError, match="digest must be provided"):
                made.export(cert, key, **how)
        for digest in (b"nothing", "", "sha256\0"):
            with pytest.raises(ValueError, match="No such digest method"):
                made.export(cert, key, digest=digest)
        with pytest.raises(ValueError, match="type"):
            made.export(cert, key, 100, digest="sha256")
        with pytest.raises(ValueError, match="public part"):
            made.export(cert, cert.get_pubkey(), digest="sha256")
        with pytest.raises(crypto.Error, match="uninitialized"):
            made.export(cert, crypto.PKey(), digest="sha256")
        for arguments in (
            (None, key),
            (cert, None),
            (key, cert),
            (cert, key, "x"),
            (cert, key, PEM, "x"),
            (cert, key, PEM, None),
        ):
            with pytest.raises(TypeError):
                made.export(*arguments, digest="sha256")
        with pytest.raises(TypeError):
            made.export(cert, key, digest=1)


class TestFields:
    def test_sign(self, ec):
        made = crypto.CRL()
        made.add_revoked(entry())
        assert made.set_version(1) is None
        assert made.set_lastUpdate(b"20200101000000Z") is None
        assert made.set_nextUpdate("20300101000000Z") is None
        assert made.sign(ec.intermediate.x509, ec.intermediate.pkey, b"sha512") is None
        theirs = made.to_cryptography()
        assert theirs.is_signature_valid(ec.intermediate.key.public_key())
        assert isinstance(theirs.signature_hash_algorithm, hashes.SHA512)
        assert (theirs.last_update_utc.year, theirs.next_update_utc.year) == (2020, 2030)
        assert made.get_issuer() == ec.intermediate.x509.get_subject()
        for digest in (b"nothing", None):
            with pytest.raises(ValueError, match="No such digest method"):
                made.sign(ec.intermediate.x509, ec.intermediate.pkey, digest)
        for arguments in ((None, ec.intermediate.pkey, "sha256"), (ec.intermediate.x509, None, "sha256")):
            with pytest.raises(TypeError, match="issuer_"):
                made.sign(*arguments)

    def test_issuer_is_a_copy(self, ec):
        loaded = crypto.load_crl(PEM, crl_of(ec))
        loaded.get_issuer().CN = "changed"
        assert loaded.get_issuer() == ec.intermediate.x509.get_subject()
        assert crypto.CRL().get_issuer().get_components() == []

    def test_revoked(self, ec):
        assert crypto.CRL().get_revoked() is None
        made, one = crypto.CRL(), entry()
        assert made.add_revoked(one) is None
        one.set_serial(b"ff")
        made.add_revoked(one)
        found = made.get_revoked()
        assert isinstance(found, tuple)
        assert [type(one) for one in found] == [crypto.Revoked] * 2
        assert [one.get_serial() for one in found] == [b"2A", b"FF"]
        found[0].set_serial(b"1")
        assert made.get_revoked()[0].get_serial() == b"2A"
        with pytest.raises(crypto.Error) as info:
            made.add_revoked(crypto.Revoked())
        assert info.value.args[0]
        for wrong in (None, 1, "x"):
            with pytest.raises(TypeError):
                made.add_revoked(wrong)

    def test_wrong_values(self):
        made = crypto.CRL()
        for wrong in (b"", b"now", b"20201301000000Z"):
            with pytest.raises(ValueError, match="Invalid string"):
                made.set_lastUpdate(wrong)
            with pytest.raises(ValueError, match="Invalid string"):
                made.set_nextUpdate(wrong)
        for wrong in (None, 1):
            for setter in (made.set_lastUpdate, made.set_nextUpdate):
                with pytest.raises(TypeError):
                    setter(wrong)
        with pytest.raises(TypeError):
            made.set_version("1")


class TestLoadAndDump:
    def test_round_trips(self, ec):
        pem = crl_of(ec, entry(b"1", None), entry(b"2", b"superseded"))
        loaded = crypto.load_crl(PEM, pem)
        der = crypto.dump_crl(ASN1, loaded)
        assert crypto.dump_crl(PEM, loaded) == pem
        assert run(["openssl", "crl", "-outform", "DER"], pem).stdout == der
        for file_type, buffer in ((ASN1, der), (PEM, pem.decode()), (PEM, bytearray(pem))):
            again = crypto.load_crl(file_type, buffer)
            assert type(again) is crypto.CRL
            read = [(one.get_serial(), one.get_reason(), one.get_rev_date()) for one in again.get_revoked()]
            assert read == [(b"01", None, b"20200101000000Z"), (b"02", b"Superseded", b"20200101000000Z")]
        assert b"Superseded" in crypto.dump_crl(TEXT, loaded)

    def test_changed_after_it_was_read(self, ec):
        loaded = crypto.load_crl(PEM, crl_of(ec, entry(b"1")))
        loaded.add_revoked(entry(b"2"))
        theirs = loaded.to_cryptography()
        assert [one.serial_number for one in theirs] == [1, 2]
        assert not theirs.is_signature_valid(ec.intermediate.key.public_key())

    def test_written_by_cryptography(self, ec):
        now = datetime.datetime.now(datetime.UTC)
        reason = x509.CRLReason(x509.ReasonFlags.certificate_hold)
        revoked = x509.RevokedCertificateBuilder().serial_number(7).revocation_date(now).add_extension(reason, False)
        builder = x509.CertificateRevocationListBuilder().issuer_name(ec.intermediate.certificate.subject)
        builder = builder.last_update(now).next_update(now + datetime.timedelta(1))
        theirs = builder.add_revoked_certificate(revoked.build()).sign(ec.intermediate.key, hashes.SHA256())
        made = crypto.CRL.from_cryptography(theirs)
        assert [(one.get_serial(), one.get_reason()) for one in made.get_revoked()] == [(b"07", b"Certificate Hold")]
        assert made.to_cryptography() == theirs
        for wrong in (None, made, ec.server.certificate):
            with pytest.raises(TypeError, match="certificate revocation list"):
                crypto.CRL.from_cryptography(wrong)

    @pytest.mark.parametrize("buffer", [b"", b"garbage", b"\x30\x00", b"-----BEGIN X509 CRL-----\n"])
    def test_garbage(self, buffer):
        for file_type in (PEM, ASN1):
            with pytest.raises(crypto.Error) as info:
                crypto.load_crl(file_type, buffer)
            assert info.value.args[0]

    def test_incomplete(self):
        for file_type in (PEM, ASN1):
            with pytest.raises(crypto.Error) as info:
                crypto.dump_crl(file_type, crypto.CRL())
            assert info.value.args[0]
        assert crypto.dump_crl(TEXT, crypto.CRL())

    def test_wrong_arguments(self, ec):
        loaded = crypto.load_crl(PEM, crl_of(ec))
        for wrong in (0, 3, None, "1"):
            with pytest.raises(ValueError, match="type"):
                crypto.dump_crl(wrong, loaded)
            with pytest.raises(ValueError, match="type"):
                crypto.load_crl(wrong, b"")
        for wrong in (None, "x", ec.server.x509):
            with pytest.raises(TypeError):
                crypto.dump_crl(PEM, wrong)
        for wrong in (None, 1):
            with pytest.raises(TypeError):
                crypto.load_crl(PEM, wrong)


class TestStore:
    @pytest.mark.parametrize("kind", ["ours", "cryptography"])
    def test_verify_with_lists(self, ec, kind):
        def convert(pem):
            return crypto.load_crl(PEM, pem) if kind == "ours" else x509.load_pem_x509_crl(pem)

        def verify(*lists):
            store = crypto.X509Store()
            store.add_cert(ec.root.x509)
            for one in lists:
                assert store.add_crl(convert(one)) is None
            store.set_flags(crypto.X509StoreFlags.CRL_CHECK)
            context = crypto.X509StoreContext(store, ec.server.x509, [ec.intermediate.x509])
            context.verify_certificate()

        serial = f"{ec.server.certificate.serial_number:x}"
        with pytest.raises(crypto.X509StoreContextError, match="unable to get certificate CRL"):
            verify()
        verify(crl_of(ec, entry()))
        with pytest.raises(crypto.X509StoreContextError, match="revoked") as info:
            verify(crl_of(ec, entry(serial)))
        assert info.value.errors[:2] == [23, 0]
        with pytest.raises(crypto.X509StoreContextError, match="expired"):
            verify(crl_of(ec, entry(), days=-1))

    def test_the_store_has_a_copy(self, ec):
        made = crypto.load_crl(PEM, crl_of(ec, entry()))
        store = crypto.X509Store()
        store.add_cert(ec.root.x509)
        store.add_crl(made)
        made.add_revoked(entry(f"{ec.server.certificate.serial_number:x}"))
        store.set_flags(crypto.X509StoreFlags.CRL_CHECK)
        crypto.X509StoreContext(store, ec.server.x509, [ec.intermediate.x509]).verify_certificate()

    def test_wrong_types(self):
        for wrong in (None, 1, "x", self_signed()):
            with pytest.raises(TypeError):
                crypto.X509Store().add_crl(wrong)
        with pytest.raises(crypto.Error) as info:
            crypto.X509Store().add_crl(crypto.CRL())
        assert info.value.args[0]


def test_object():
    class List(crypto.CRL):
        pass

    List().note = rsa_key()
    with pytest.raises(TypeError):
        pickle.dumps(List())
    with pytest.raises(TypeError):
        crypto.CRL(1)
