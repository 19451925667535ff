"""Keys, certificates, and what belongs to them.

Everything here is native (`OpenSSL._rust.crypto`), an exception with attributes of its own apart.
"""

from OpenSSL._rust import crypto as _crypto

__all__ = [
    "CRL",
    "FILETYPE_ASN1",
    "FILETYPE_PEM",
    "FILETYPE_TEXT",
    "PKCS7",
    "PKCS12",
    "TYPE_DH",
    "TYPE_DSA",
    "TYPE_EC",
    "TYPE_RSA",
    "X509",
    "CRLType",
    "Error",
    "NetscapeSPKI",
    "NetscapeSPKIType",
    "PKCS7Type",
    "PKCS12Type",
    "PKey",
    "PKeyType",
    "PassphraseCallableT",  # noqa: F822  made by __getattr__
    "Revoked",
    "StrOrBytesPath",  # noqa: F822  made by __getattr__
    "X509Extension",
    "X509ExtensionType",
    "X509Name",
    "X509NameType",
    "X509Req",
    "X509ReqType",
    "X509Store",
    "X509StoreContext",
    "X509StoreContextError",
    "X509StoreFlags",
    "X509StoreType",
    "X509Type",
    "X509_verify_cert_error_string",
    "dump_certificate",
    "dump_certificate_request",
    "dump_crl",
    "dump_privatekey",
    "dump_publickey",
    "get_elliptic_curve",
    "get_elliptic_curves",
    "load_certificate",
    "load_certificate_request",
    "load_certificates",
    "load_crl",
    "load_pem_bundle",
    "load_pkcs7_data",
    "load_pkcs12",
    "load_privatekey",
    "load_publickey",
    "sign",
    "verify",
]

FILETYPE_ASN1 = _crypto.FILETYPE_ASN1
FILETYPE_PEM = _crypto.FILETYPE_PEM
FILETYPE_TEXT = _crypto.FILETYPE_TEXT
TYPE_DH = _crypto.TYPE_DH
TYPE_DSA = _crypto.TYPE_DSA
TYPE_EC = _crypto.TYPE_EC
TYPE_RSA = _crypto.TYPE_RSA
X509 = _crypto.X509
Error = _crypto.Error
PKey = _crypto.PKey
NetscapeSPKI = _crypto.NetscapeSPKI
PKCS7 = _crypto.PKCS7
Revoked = _crypto.Revoked
CRL = _crypto.CRL
PKCS12 = _crypto.PKCS12
X509Extension = _crypto.X509Extension
X509Name = _crypto.X509Name
X509Req = _crypto.X509Req
X509Store = _crypto.X509Store
X509StoreContext = _crypto.X509StoreContext
X509StoreFlags = _crypto.X509StoreFlags
_EllipticCurve = _crypto._EllipticCurve
X509_verify_cert_error_string = _crypto.X509_verify_cert_error_string
dump_certificate = _crypto.dump_certificate
dump_certificate_request = _crypto.dump_certificate_request
dump_privatekey = _crypto.dump_privatekey
dump_publickey = _crypto.dump_publickey
get_elliptic_curve = _crypto.get_elliptic_curve
get_elliptic_curves = _crypto.get_elliptic_curves
load_certificate = _crypto.load_certificate
load_certificates = _crypto.load_certificates
load_pem_bundle = _crypto.load_pem_bundle
load_pkcs7_data = _crypto.load_pkcs7_data
dump_crl = _crypto.dump_crl
load_crl = _crypto.load_crl
load_pkcs12 = _crypto.load_pkcs12
load_certificate_request = _crypto.load_certificate_request
load_privatekey = _crypto.load_privatekey
load_publickey = _crypto.load_publickey
sign = _crypto.sign
verify = _crypto.verify

# The names that the manual has for the classes.
X509Type = X509
X509ExtensionType = X509Extension
X509NameType = X509Name
X509ReqType = X509Req
X509StoreType = X509Store
PKeyType = PKey
NetscapeSPKIType = NetscapeSPKI
PKCS7Type = PKCS7
CRLType = CRL
PKCS12Type = PKCS12

_X509ExtensionInternal = X509Extension


class X509StoreContextError(Exception):
    """X509StoreContext refused a certificate.

    `args[0]` is the reason as text, `errors` the list [code (X509_V_ERR_*), depth in the chain, text], `certificate`
    the X509 at fault, or None. (X509_STORE_CTX_get_error, X509_STORE_CTX_get_error_depth,
    X509_STORE_CTX_get_current_cert)
    """

    def __init__(self, message, errors, certificate):
        """Keep the reason as text, the list of code, depth and text, and the certificate at fault, an X509 or None."""
        super().__init__(message)
        self.errors = errors
        self.certificate = certificate


def __getattr__(name):
    # Only type hints need these; the modules that they need take longer to import than all the rest of this package.
    if name == "PassphraseCallableT":
        from collections.abc import Callable

        return bytes | Callable[..., bytes]
    if name == "StrOrBytesPath":
        from os import PathLike

        return str | bytes | PathLike
    if name in ("_Key", "_PrivateKey", "_PublicKey"):
        from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

        return {"_Key": PrivateKeyTypes | PublicKeyTypes, "_PrivateKey": PrivateKeyTypes, "_PublicKey": PublicKeyTypes}[
            name
        ]
    if name.startswith("_") and not name.startswith("__"):
        from OpenSSL._util import private_names

        names = private_names(Error)
        if name in names:
            return globals().setdefault(name, names[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
