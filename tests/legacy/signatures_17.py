"""As of 17: signatures of data, and the keys of browsers' forms (SPKAC)."""

import base64
import sys

from OpenSSL import crypto

directory = sys.argv[1]
key = crypto.PKey()
key.generate_key(crypto.TYPE_RSA, 2048)
cert = crypto.X509()
cert.set_pubkey(key)

data = b"to be signed\0, and all of it"
open(directory + "/data", "wb").write(data)
for digest in ("sha1", "sha256", "sha512"):
    signature = crypto.sign(key, data, digest)
    crypto.verify(cert, signature, data, digest)
    open(directory + "/signature." + digest, "wb").write(signature)
    try:
        crypto.verify(cert, signature, data + b"!", digest)
    except crypto.Error:
        print(digest, len(signature), "refuses what was not signed")
open(directory + "/public.pem", "wb").write(crypto.dump_publickey(crypto.FILETYPE_PEM, key))
public = crypto.load_publickey(crypto.FILETYPE_PEM, open(directory + "/public.pem", "rb").read())
try:
    crypto.sign(public, data, "sha256")
except ValueError:
    print("a public key does not sign")

spki = crypto.NetscapeSPKI()
spki.set_pubkey(key)
spki.sign(key, "sha256")
encoded = spki.b64_encode()
again = crypto.NetscapeSPKI(encoded)
print(isinstance(spki, crypto.NetscapeSPKIType), spki.verify(key), again.verify(again.get_pubkey()))
open(directory + "/spkac", "wb").write(b"SPKAC=" + encoded + b"\n")
print(base64.b64decode(encoded)[:1] == b"0")
try:
    other = crypto.PKey()
    other.generate_key(crypto.TYPE_RSA, 1024)
    spki.verify(other)
except crypto.Error:
    print("another key does not verify it")
