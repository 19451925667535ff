"""As of 0.13: a request with extensions, and an authority that copies what it approves of."""

import sys

from OpenSSL import crypto

directory = sys.argv[1]


def pair():
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 1024)
    return key


key = pair()
req = crypto.X509Req()
req.set_version(0)
req.get_subject().CN = "host.example"
req.get_subject().organizationName = "Blåbär"
req.set_pubkey(key)
req.add_extensions(
    [
        crypto.X509Extension(b"subjectAltName", False, b"DNS:host.example,DNS:www.host.example,IP:10.0.0.1"),
        crypto.X509Extension(b"keyUsage", True, b"digitalSignature"),
    ]
)
req.sign(key, "sha1")
open(directory + "/host.req", "wb").write(crypto.dump_certificate_request(crypto.FILETYPE_ASN1, req))

req = crypto.load_certificate_request(crypto.FILETYPE_ASN1, open(directory + "/host.req", "rb").read())
print(req.verify(req.get_pubkey()) and "the request is signed", req.get_version())
wanted = req.get_extensions()
for extension in wanted:
    print(extension.get_short_name().decode(), extension.get_critical(), str(extension))

cakey = pair()
ca = crypto.X509()
ca.set_version(2)
ca.set_serial_number(0x123456789ABCDEF0123456789ABCDEF)
ca.get_subject().CN = "CA"
ca.set_issuer(ca.get_subject())
ca.set_pubkey(cakey)
ca.set_notBefore(b"20200101000000Z")
ca.set_notAfter(b"20991231235959Z")
ca.add_extensions([crypto.X509Extension(b"basicConstraints", True, b"CA:TRUE")])
ca.add_extensions([crypto.X509Extension(b"subjectKeyIdentifier", False, b"hash", subject=ca)])
ca.add_extensions([crypto.X509Extension(b"authorityKeyIdentifier", False, b"keyid:always", issuer=ca)])
ca.sign(cakey, "sha1")
print(ca.get_extension_count(), ca.get_notAfter().decode(), hex(ca.get_serial_number()))

cert = crypto.X509()
cert.set_version(2)
cert.set_serial_number(2)
cert.set_subject(req.get_subject())
cert.set_issuer(ca.get_subject())
cert.set_pubkey(req.get_pubkey())
cert.gmtime_adj_notBefore(0)
cert.gmtime_adj_notAfter(3600)
cert.add_extensions([extension for extension in wanted if extension.get_short_name() != b"keyUsage"])
cert.sign(cakey, "sha1")
print(cert.get_extension(0).get_short_name().decode(), cert.get_signature_algorithm().decode())
print(cert.get_subject().O, cert.get_subject().der() == req.get_subject().der())
for name, one in (("ca", ca), ("host", cert)):
    open("%s/%s.pem" % (directory, name), "wb").write(crypto.dump_certificate(crypto.FILETYPE_PEM, one))
