"""As of 17: revocation lists, signed, exported, read, and used to verify."""

import datetime
import sys

from OpenSSL import crypto

directory = sys.argv[1]


def identity(cn, serial, issuer=None):
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 2048)
    cert = crypto.X509()
    cert.set_version(2)
    cert.get_subject().CN = cn
    cert.set_serial_number(serial)
    cert.gmtime_adj_notBefore(0)
    cert.gmtime_adj_notAfter(86400)
    cert.set_pubkey(key)
    issuer_cert, issuer_key = issuer or (cert, key)
    if issuer is None:
        cert.add_extensions(
            [
                crypto.X509Extension(b"basicConstraints", True, b"CA:TRUE"),
                crypto.X509Extension(b"keyUsage", True, b"keyCertSign, cRLSign"),
            ]
        )
    cert.set_issuer(issuer_cert.get_subject())
    cert.sign(issuer_key, "sha256")
    return cert, key


def verify(cert, crl=None):
    store = crypto.X509Store()
    store.add_cert(ca[0])
    if crl is not None:
        store.add_crl(crl)
        store.set_flags(crypto.X509StoreFlags.CRL_CHECK | crypto.X509StoreFlags.CRL_CHECK_ALL)
    try:
        return crypto.X509StoreContext(store, cert).verify_certificate()
    except crypto.X509StoreContextError as error:
        number = error.args[0][0] if isinstance(error.args[0], list) else error.errors[0]
        return error.certificate.get_subject().CN, number


ca = identity("Root", 1)
good, bad = identity("Good", 2, ca)[0], identity("Bad", 0xBAD, ca)[0]
crl = crypto.CRL()
revoked = crypto.Revoked()
revoked.set_serial(b"BAD")
revoked.set_reason(b"Key Compromise")
revoked.set_rev_date(datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d%H%M%SZ").encode())
crl.add_revoked(revoked)
data = crl.export(ca[0], ca[1], crypto.FILETYPE_PEM, days=7, digest=b"sha256")
open(directory + "/list.pem", "wb").write(data)
open(directory + "/ca.pem", "wb").write(crypto.dump_certificate(crypto.FILETYPE_PEM, ca[0]))

crl = crypto.load_crl(crypto.FILETYPE_PEM, data)
print(crl.get_issuer().CN, [(entry.get_serial(), entry.get_reason()) for entry in crl.get_revoked()])
print(revoked.all_reasons()[1].decode(), isinstance(crl, crypto.CRLType))
print(b"Key Compromise" in crypto.dump_crl(crypto.FILETYPE_TEXT, crl))
print(verify(good), verify(bad))
print(verify(good, crl), verify(bad, crl))
