"""ML-DSA keys sign everything, where the library knows them (OpenSSL 3.5 and newer)."""

import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa
from OpenSSL import SSL, crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import unsigned

pytestmark = pytest.mark.skipif(UPSTREAM, reason="about this package")

KNOWN = SSL.OPENSSL_VERSION_NUMBER >= 0x30500000
KINDS = {
    "ML-DSA-44": mldsa.MLDSA44PrivateKey,
    "ML-DSA-65": mldsa.MLDSA65PrivateKey,
    "ML-DSA-87": mldsa.MLDSA87PrivateKey,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("digest", [None, "sha256", "anything"])
def test_signatures(kind, digest):
    theirs = KINDS[kind].generate()
    if not KNOWN:
        with pytest.raises(crypto.Error):
            crypto.PKey.from_cryptography_key(theirs)
        return
    key = crypto.PKey.from_cryptography_key(theirs)
    cert = unsigned("ml-dsa", key)
    cert.sign(key, digest)
    assert cert.get_signature_algorithm() == kind.encode()
    theirs.public_key().verify(cert.to_cryptography().signature, cert.to_cryptography().tbs_certificate_bytes)
    store = crypto.X509Store()
    store.add_cert(cert)
    crypto.X509StoreContext(store, cert).verify_certificate()

    signature = crypto.sign(key, b"data", digest)
    crypto.verify(cert, signature, b"data", digest)
    theirs.public_key().verify(signature, b"data")

    req = crypto.X509Req()
    req.set_pubkey(key)
    req.sign(key, digest)
    assert req.verify(key) is True

    pem = crypto.CRL().export(cert, key, digest=digest)
    public = crypto.load_crl(crypto.FILETYPE_PEM, pem).to_cryptography()
    theirs.public_key().verify(public.signature, public.tbs_certlist_bytes)

    spki = crypto.NetscapeSPKI()
    spki.set_pubkey(key)
    spki.sign(key, digest)
    assert crypto.NetscapeSPKI(spki.b64_encode()).verify(key) is True
