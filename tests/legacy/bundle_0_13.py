"""As of 0.13: PKCS #12 files, made, written, read and taken apart."""

import sys

from OpenSSL import crypto

directory = sys.argv[1]


def identity(cn, issuer=None):
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 1024)
    cert = crypto.X509()
    cert.get_subject().CN = cn
    cert.set_serial_number(len(cn))
    cert.gmtime_adj_notBefore(0)
    cert.gmtime_adj_notAfter(86400)
    cert.set_pubkey(key)
    issuer_cert, issuer_key = issuer or (cert, key)
    cert.set_issuer(issuer_cert.get_subject())
    cert.sign(issuer_key, "sha256")
    return cert, key


ca = identity("Root")
leaf, key = identity("Leaf", ca)
p12 = crypto.PKCS12()
print(p12.get_certificate(), p12.get_privatekey(), p12.get_ca_certificates(), p12.get_friendlyname())
p12.set_certificate(leaf)
p12.set_privatekey(key)
p12.set_ca_certificates([ca[0]])
p12.set_friendlyname(b"a friend")
data = p12.export(passphrase=b"open sesame", iter=1000, maciter=3)
open(directory + "/leaf.p12", "wb").write(data)

again = crypto.load_pkcs12(open(directory + "/leaf.p12", "rb").read(), b"open sesame")
print(isinstance(again, crypto.PKCS12Type), again.get_friendlyname(), again.get_certificate().get_subject().CN)
print([cert.get_subject().CN for cert in again.get_ca_certificates()])
same = crypto.dump_privatekey(crypto.FILETYPE_ASN1, again.get_privatekey())
print(same == crypto.dump_privatekey(crypto.FILETYPE_ASN1, key))
try:
    crypto.load_pkcs12(data, b"close sesame")
except crypto.Error as error:
    print("refused", error.args[0][0][0])
again.set_friendlyname(None)
again.set_ca_certificates(None)
plain = crypto.load_pkcs12(again.export())
print(plain.get_friendlyname(), plain.get_ca_certificates(), plain.get_certificate().get_serial_number())
