"""As of 0.7: keys, requests and certificates by the manual's factory functions, with type objects and text dumps."""

import sys

from OpenSSL import crypto

TYPE_RSA = crypto.TYPE_RSA
TYPE_DSA = crypto.TYPE_DSA


def createKeyPair(type, bits):
    pkey = crypto.PKey()
    pkey.generate_key(type, bits)
    return pkey


def createCertRequest(pkey, digest="md5", **name):
    req = crypto.X509Req()
    subj = req.get_subject()
    for key, value in name.items():
        setattr(subj, key, value)
    req.set_pubkey(pkey)
    req.sign(pkey, digest)
    return req


def createCertificate(req, issuer, serial, validity, digest="md5"):
    issuerCert, issuerKey = issuer
    notBefore, notAfter = validity
    cert = crypto.X509()
    cert.set_serial_number(serial)
    cert.gmtime_adj_notBefore(notBefore)
    cert.gmtime_adj_notAfter(notAfter)
    cert.set_issuer(issuerCert.get_subject())
    cert.set_subject(req.get_subject())
    cert.set_pubkey(req.get_pubkey())
    cert.sign(issuerKey, digest)
    return cert


directory = sys.argv[1]
cakey = createKeyPair(TYPE_RSA, 1024)
careq = createCertRequest(cakey, CN="Certificate Authority", OU="Legacy", O="Example", C="SE")
cacert = createCertificate(careq, (careq, cakey), 0, (0, 60 * 60 * 24 * 365 * 5))
open(directory + "/CA.pkey", "wb").write(crypto.dump_privatekey(crypto.FILETYPE_PEM, cakey))
open(directory + "/CA.cert", "wb").write(crypto.dump_certificate(crypto.FILETYPE_PEM, cacert))
for fname, cname in [("simple", "Simple Client"), ("server", "Simple Server")]:
    pkey = createKeyPair(TYPE_RSA, 1024)
    req = createCertRequest(pkey, CN=cname, emailAddress="legacy@example.org")
    assert req.verify(pkey)
    cert = createCertificate(req, (cacert, cakey), 1, (0, 60 * 60 * 24 * 365 * 5))
    pem = crypto.dump_privatekey(crypto.FILETYPE_PEM, pkey, "DES3", "secret".encode())
    open("%s/%s.pkey" % (directory, fname), "wb").write(pem)
    open("%s/%s.req" % (directory, fname), "wb").write(crypto.dump_certificate_request(crypto.FILETYPE_PEM, req))
    open("%s/%s.cert" % (directory, fname), "wb").write(crypto.dump_certificate(crypto.FILETYPE_PEM, cert))
    again = crypto.load_certificate_request(crypto.FILETYPE_PEM, open("%s/%s.req" % (directory, fname)).read())
    print(fname, isinstance(again, crypto.X509ReqType), again.get_subject().CN, cert.get_issuer().OU)

loaded = crypto.load_privatekey(crypto.FILETYPE_PEM, open(directory + "/server.pkey").read(), lambda writing: b"secret")
print(type(loaded) is crypto.PKeyType, loaded.bits(), loaded.type() == TYPE_RSA)
print(type(cacert) is crypto.X509Type, cacert.get_serial_number(), cacert.has_expired(), cacert.get_version())
copy = crypto.X509Name(cacert.get_subject())
copy.CN = "Somebody Else"
print(cacert.get_subject().commonName, "/", copy.commonName, "/", copy.get_components()[0])
print(cacert.subject_name_hash() == cacert.get_subject().hash(), cacert.digest("md5").count(b":"))
dsa = createKeyPair(TYPE_DSA, 1024)
print(dsa.type() == TYPE_DSA, createCertRequest(dsa, "sha1", CN="DSA").verify(dsa) and "verified")
