"""X509Store, X509StoreFlags, X509StoreContext and X509StoreContextError: the verification of chains."""

import datetime
import os
import pickle
import weakref

import pytest
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import rsa_key, self_signed
from tests.support.programs import run
from tests.support.rows import rows

ours_only = pytest.mark.skipif(UPSTREAM, reason="upstream differs")


def store_of(*certificates):
    store = crypto.X509Store()
    for certificate in certificates:
        store.add_cert(certificate)
    return store


def verified(store, certificate, *chain):
    """Return the common names of the verified chain."""
    context = crypto.X509StoreContext(store, certificate, list(chain))
    assert context.verify_certificate() is None
    return [found.get_subject().CN for found in context.get_verified_chain()]


def refused(store, certificate, *chain):
    """Return the exception with which a certificate is refused."""
    context = crypto.X509StoreContext(store, certificate, list(chain))
    with pytest.raises(crypto.X509StoreContextError) as info:
        context.verify_certificate()
    with pytest.raises(crypto.X509StoreContextError):
        context.get_verified_chain()
    return info.value


class TestStore:
    @rows(27)
    @ours_only
    def test_alias(self):
        assert crypto.X509StoreType is crypto.X509Store

    @rows(117, 118)
    def test_trusts_what_was_added(self, rsa):
        store = crypto.X509Store()
        refused(store, rsa.root.x509)
        assert store.add_cert(rsa.root.x509) is None
        assert verified(store, rsa.root.x509) == ["rsa root"]

    @rows(118)
    def test_the_same_certificate_twice(self, rsa):
        root = rsa.root.x509
        assert verified(store_of(root, root, rsa.root.x509), root) == ["rsa root"]

    @rows(118)
    @pytest.mark.parametrize("thing", [None, b"x", object()])
    def test_add_wrong_types(self, thing):
        with pytest.raises(TypeError):
            crypto.X509Store().add_cert(thing)

    @ours_only
    def test_what_the_store_holds_does_not_change(self):
        root = self_signed("trusted")
        store = store_of(root)
        before = crypto.dump_certificate(crypto.FILETYPE_ASN1, root)
        root.get_subject().CN = "changed"
        root.set_serial_number(99)
        assert verified(store, crypto.load_certificate(crypto.FILETYPE_ASN1, before)) == ["trusted"]

    @ours_only
    def test_an_incomplete_certificate(self):
        with pytest.raises(crypto.Error) as info:
            crypto.X509Store().add_cert(crypto.X509())
        assert info.value.args[0]

    def test_set_flags(self, rsa):
        store = store_of(rsa.intermediate.x509)
        refused(store, rsa.server.x509)
        assert store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN) is None
        assert verified(store, rsa.server.x509) == ["server", "rsa intermediate"]

    def test_crl_check_without_a_crl(self, rsa):
        store = store_of(rsa.root.x509, rsa.intermediate.x509)
        store.set_flags(crypto.X509StoreFlags.CRL_CHECK)
        assert refused(store, rsa.server.x509).errors[0] == 3  # X509_V_ERR_UNABLE_TO_GET_CRL

    @pytest.mark.parametrize("flags", ["1", 1.0, None])
    def test_flags_wrong_types(self, flags):
        with pytest.raises(TypeError):
            crypto.X509Store().set_flags(flags)

    @pytest.mark.parametrize("flags", [-1, 2**64])
    def test_flags_out_of_range(self, flags):
        with pytest.raises(OverflowError):
            crypto.X509Store().set_flags(flags)

    def test_set_time(self, rsa):
        store = store_of(rsa.root.x509)
        assert store.set_time(datetime.datetime(2000, 1, 1)) is None
        assert refused(store, rsa.root.x509).errors[0] == 9  # X509_V_ERR_CERT_NOT_YET_VALID
        store.set_time(datetime.datetime(2100, 1, 1))
        assert refused(store, rsa.root.x509).errors[0] == 10  # X509_V_ERR_CERT_HAS_EXPIRED

    @ours_only
    def test_set_time_knows_time_zones(self, rsa):
        start = rsa.root.certificate.not_valid_before_utc
        zone = datetime.timezone(datetime.timedelta(hours=5))
        for offset, good in ((-1, False), (1, True)):
            store = store_of(rsa.root.x509)
            store.set_time((start + datetime.timedelta(seconds=offset)).astimezone(zone))
            if good:
                verified(store, rsa.root.x509)
            else:
                refused(store, rsa.root.x509)

    @ours_only
    @pytest.mark.parametrize("when", [None, 0, datetime.date(2000, 1, 1), "2000"])
    def test_set_time_wrong_types(self, when):
        with pytest.raises(TypeError):
            crypto.X509Store().set_time(when)

    @pytest.mark.parametrize("kind", [str, os.fsencode, lambda path: path])
    def test_load_locations_file(self, kind, rsa, tmp_path):
        path = tmp_path / "roots.pem"
        path.write_bytes(rsa.root.cert_pem + self_crt())
        store = crypto.X509Store()
        assert store.load_locations(kind(path)) is None
        assert verified(store, rsa.server.x509, rsa.intermediate.x509) == ["server", "rsa intermediate", "rsa root"]

    @pytest.mark.parametrize("kind", [str, os.fsencode, lambda path: path])
    def test_load_locations_directory(self, kind, rsa, tmp_path):
        (tmp_path / "root.pem").write_bytes(rsa.root.cert_pem)
        store = crypto.X509Store()
        store.load_locations(None, kind(tmp_path))
        refused(store, rsa.server.x509, rsa.intermediate.x509)
        hashed = tmp_path / f"{rsa.root.x509.subject_name_hash():08x}.0"
        hashed.symlink_to(tmp_path / "root.pem")
        verified(store, rsa.server.x509, rsa.intermediate.x509)

    def test_load_locations_neither(self):
        with pytest.raises(crypto.Error) as info:
            crypto.X509Store().load_locations(None)
        if not UPSTREAM:
            assert info.value.args[0]

    def test_load_locations_bad_files(self, rsa, tmp_path):
        garbage = tmp_path / "garbage.pem"
        garbage.write_bytes(b"garbage")
        for path in (tmp_path / "missing.pem", garbage, rsa.root.key_file):
            with pytest.raises(crypto.Error) as info:
                crypto.X509Store().load_locations(path)
            assert info.value.args[0]

    @ours_only
    def test_load_locations_nul(self):
        with pytest.raises(ValueError, match="NUL byte"):
            crypto.X509Store().load_locations("a\0b")

    @pytest.mark.parametrize("path", [1.5, object(), ["x"]])
    def test_load_locations_wrong_types(self, path):
        with pytest.raises(TypeError):
            crypto.X509Store().load_locations(path)

    def test_object(self):
        class Store(crypto.X509Store):
            pass

        store = Store()
        store.note = "mine"
        assert weakref.ref(store)() is store
        with pytest.raises(TypeError):
            crypto.X509Store(1)
        with pytest.raises(TypeError):
            pickle.dumps(store)


def self_crt():
    """Return another certificate, in PEM."""
    return crypto.dump_certificate(crypto.FILETYPE_PEM, self_signed("another", rsa_key(1)))


def test_flags():
    flags = crypto.X509StoreFlags
    assert (flags.CRL_CHECK, flags.CRL_CHECK_ALL, flags.IGNORE_CRITICAL, flags.X509_STRICT) == (4, 8, 16, 32)
    assert (flags.ALLOW_PROXY_CERTS, flags.POLICY_CHECK, flags.EXPLICIT_POLICY, flags.INHIBIT_MAP) == (
        64,
        128,
        256,
        1024,
    )
    assert (flags.CHECK_SS_SIGNATURE, flags.PARTIAL_CHAIN) == (0x4000, 0x80000)
    if not UPSTREAM:
        assert (flags.NOTIFY_POLICY, flags.CB_ISSUER_CHECK) == (0x800, 0)


class TestContext:
    @pytest.mark.parametrize("authority", ["rsa", "ec"])
    def test_chain(self, authority, request):
        ca = request.getfixturevalue(authority)
        names = verified(store_of(ca.root.x509), ca.server.x509, ca.intermediate.x509)
        assert names == ["server", f"{authority} intermediate", f"{authority} root"]

    def test_as_openssl_does(self, rsa):
        trust = ["-CAfile", rsa.root.cert_file, "-untrusted", rsa.intermediate.cert_file]
        judged = run(["openssl", "verify", *trust, rsa.server.cert_file])
        assert judged.returncode == 0
        verified(store_of(rsa.root.x509), rsa.server.x509, rsa.intermediate.x509)

    def test_missing_intermediate(self, rsa):
        error = refused(store_of(rsa.root.x509), rsa.server.x509)
        assert error.errors == [20, 0, "unable to get local issuer certificate"]
        assert error.args == ("unable to get local issuer certificate",)
        assert str(error) == "unable to get local issuer certificate"
        assert error.certificate.get_subject().CN == "server"
        assert not isinstance(error, crypto.Error)

    def test_untrusted_root(self, rsa):
        error = refused(crypto.X509Store(), rsa.server.x509, rsa.intermediate.x509, rsa.root.x509)
        assert error.errors[:2] == [19, 2]
        assert error.certificate.get_subject().CN == "rsa root"

    def test_another_authority_of_the_same_names(self, ec, stranger):
        refused(store_of(stranger.root.x509), ec.server.x509, ec.intermediate.x509)
        refused(store_of(stranger.root.x509), ec.server.x509, stranger.intermediate.x509)

    def test_expired(self):
        cert = self_signed()
        cert.gmtime_adj_notAfter(-1)
        cert.sign(rsa_key(), "sha256")
        assert refused(store_of(cert), cert).errors[0] == 10

    def test_a_wrong_signature(self, rsa):
        der = bytearray(rsa.server.cert_der)
        der[-1] ^= 1
        cert = crypto.load_certificate(crypto.FILETYPE_ASN1, bytes(der))
        assert refused(store_of(rsa.root.x509, rsa.intermediate.x509), cert).errors[0] == 7

    def test_again_and_again_and_what_was_added_meanwhile(self, rsa):
        store = crypto.X509Store()
        context = crypto.X509StoreContext(store, rsa.server.x509, [rsa.intermediate.x509])
        for _ in range(2):
            with pytest.raises(crypto.X509StoreContextError):
                context.verify_certificate()
        store.add_cert(rsa.root.x509)
        for _ in range(2):
            context.verify_certificate()

    def test_set_store(self, rsa):
        context = crypto.X509StoreContext(crypto.X509Store(), rsa.root.x509)
        with pytest.raises(crypto.X509StoreContextError):
            context.verify_certificate()
        assert context.set_store(store_of(rsa.root.x509)) is None
        context.verify_certificate()

    def test_chain_is_of_copies(self, rsa):
        root = rsa.root.x509
        found = crypto.X509StoreContext(store_of(root), root).get_verified_chain()
        assert [type(one) for one in found] == [crypto.X509]
        found[0].get_subject().CN = "changed"
        assert root.get_subject().CN == "rsa root"

    @ours_only
    def test_chain_of_any_iterable(self, rsa):
        context = crypto.X509StoreContext(store_of(rsa.root.x509), rsa.server.x509, iter([rsa.intermediate.x509]))
        for _ in range(2):
            context.verify_certificate()

    def test_no_chain(self, rsa):
        crypto.X509StoreContext(store_of(rsa.root.x509), rsa.root.x509, None).verify_certificate()

    @pytest.mark.parametrize("chain", [[None], ["x"], "xy", 1, object(), [b"x"]])
    def test_chain_wrong_types(self, chain, rsa):
        with pytest.raises(TypeError):
            crypto.X509StoreContext(crypto.X509Store(), rsa.root.x509, chain)

    @ours_only
    def test_wrong_types(self, rsa):
        for arguments in ((None, rsa.root.x509), (crypto.X509Store(), None), (rsa.root.x509, crypto.X509Store())):
            with pytest.raises(TypeError):
                crypto.X509StoreContext(*arguments)
        with pytest.raises(TypeError):
            crypto.X509StoreContext(crypto.X509Store(), rsa.root.x509).set_store(None)

    @ours_only
    def test_not_initialized(self):
        class Context(crypto.X509StoreContext):
            def __init__(self):
                pass

        with pytest.raises(ValueError, match="__init__"):
            Context().verify_certificate()

    def test_constructor_needs_arguments(self):
        with pytest.raises(TypeError):
            crypto.X509StoreContext()


def test_error_class():
    cert = self_signed()
    error = crypto.X509StoreContextError("text", [1, 2, "text"], cert)
    assert error.args == ("text",)
    assert (error.errors, error.certificate) == ([1, 2, "text"], cert)
    assert crypto.X509StoreContextError.__bases__ == (Exception,)


@ours_only
def test_error_string():
    assert crypto.X509_verify_cert_error_string(0) == "ok"
    assert crypto.X509_verify_cert_error_string(10) == "certificate has expired"
    for code in (-5, 10**6, 2**40):
        assert crypto.X509_verify_cert_error_string(code)
    with pytest.raises(TypeError):
        crypto.X509_verify_cert_error_string("10")
