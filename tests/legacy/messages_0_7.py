"""As of 0.7: what there is in a PKCS #7 message, and the store of a context."""

import sys

from OpenSSL import SSL, crypto

directory = sys.argv[1]
for name in ("signed", "enveloped", "certificates"):
    for form, kind in (("pem", crypto.FILETYPE_PEM), ("der", crypto.FILETYPE_ASN1)):
        message = crypto.load_pkcs7_data(kind, open("%s/%s.%s" % (directory, name, form), "rb").read())
        assert isinstance(message, crypto.PKCS7Type)
        print(name, form, message.get_type_name().decode(), end=" ")
        print(
            int(message.type_is_signed()),
            int(message.type_is_enveloped()),
            int(message.type_is_signedAndEnveloped()),
            int(message.type_is_data()),
        )
try:
    crypto.load_pkcs7_data(crypto.FILETYPE_PEM, "no message")
except crypto.Error as reasons:
    print("refused", isinstance(reasons.args[0], list), len(reasons.args[0][0]))

cert = crypto.load_certificate(crypto.FILETYPE_PEM, open(directory + "/cert.pem").read())
store = SSL.Context(SSL.SSLv23_METHOD).get_cert_store()
print(type(store) is crypto.X509StoreType, store.add_cert(cert), store.add_cert(cert))
