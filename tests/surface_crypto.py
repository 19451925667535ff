"""Every name that any release of pyOpenSSL, 0.6 to 26.4.0, had in `crypto`, with the parameters it had last.

One a line: a function or method with its parameters, a constant or class attribute with its value, anything else by
its name alone. `Class().name` is an attribute of instances.
"""

SURFACE = """
CRL()
CRL.add_revoked(revoked)
CRL.export(cert, key, type, days, digest)
CRL.from_cryptography(crypto_crl)
CRL.get_issuer()
CRL.get_revoked()
CRL.set_lastUpdate(when)
CRL.set_nextUpdate(when)
CRL.set_version(version)
CRL.sign(issuer_cert, issuer_key, digest)
CRL.to_cryptography()
CRLType
Error
FILETYPE_ASN1 = 2
FILETYPE_PEM = 1
FILETYPE_TEXT = 65535
NetscapeSPKI()
NetscapeSPKI.b64_encode()
NetscapeSPKI.get_pubkey()
NetscapeSPKI.set_pubkey(pkey)
NetscapeSPKI.sign(pkey, digest)
NetscapeSPKI.verify(key)
NetscapeSPKIType
PKCS12()
PKCS12.export(passphrase, iter, maciter)
PKCS12.get_ca_certificates()
PKCS12.get_certificate()
PKCS12.get_friendlyname()
PKCS12.get_privatekey()
PKCS12.set_ca_certificates(cacerts)
PKCS12.set_certificate(cert)
PKCS12.set_friendlyname(name)
PKCS12.set_privatekey(pkey)
PKCS12Type
PKCS7
PKCS7.get_type_name()
PKCS7.type_is_data()
PKCS7.type_is_enveloped()
PKCS7.type_is_signed()
PKCS7.type_is_signedAndEnveloped()
PKCS7Type
PKey()
PKey.bits()
PKey.check()
PKey.from_cryptography_key(crypto_key)
PKey.generate_key(type, bits)
PKey.to_cryptography_key()
PKey.type()
PKeyType
PassphraseCallableT
Revoked()
Revoked.all_reasons()
Revoked.get_reason()
Revoked.get_rev_date()
Revoked.get_serial()
Revoked.set_reason(reason)
Revoked.set_rev_date(when)
Revoked.set_serial(hex_str)
StrOrBytesPath
TYPE_DH = 28
TYPE_DSA = 116
TYPE_EC = 408
TYPE_RSA = 6
X509()
X509.add_extensions(extensions)
X509.digest(digest_name)
X509.from_cryptography(crypto_cert)
X509.get_extension(index)
X509.get_extension_count()
X509.get_issuer()
X509.get_notAfter()
X509.get_notBefore()
X509.get_pubkey()
X509.get_serial_number()
X509.get_signature_algorithm()
X509.get_subject()
X509.get_version()
X509.gmtime_adj_notAfter(amount)
X509.gmtime_adj_notBefore(amount)
X509.has_expired()
X509.set_issuer(issuer)
X509.set_notAfter(when)
X509.set_notBefore(when)
X509.set_pubkey(pkey)
X509.set_serial_number(serial)
X509.set_subject(subject)
X509.set_version(version)
X509.sign(pkey, digest)
X509.subject_name_hash()
X509.to_cryptography()
X509Extension(type_name, critical, value, subject, issuer)
X509Extension.__str__()
X509Extension.get_critical()
X509Extension.get_data()
X509Extension.get_short_name()
X509ExtensionType
X509Name(name)
X509Name.C
X509Name.CN
X509Name.L
X509Name.O
X509Name.OU
X509Name.ST
X509Name.__getattr__(name)
X509Name.commonName
X509Name.countryName
X509Name.der()
X509Name.emailAddress
X509Name.get_components()
X509Name.hash()
X509Name.localityName
X509Name.organizationName
X509Name.organizationalUnitName
X509Name.stateOrProvinceName
X509NameType
X509Req()
X509Req.add_extensions(extensions)
X509Req.from_cryptography(crypto_req)
X509Req.get_extensions()
X509Req.get_pubkey()
X509Req.get_subject()
X509Req.get_version()
X509Req.set_pubkey(pkey)
X509Req.set_version(version)
X509Req.sign(pkey, digest)
X509Req.to_cryptography()
X509Req.verify(pkey)
X509ReqType
X509Store()
X509Store.add_cert(cert)
X509Store.add_crl(crl)
X509Store.load_locations(cafile, capath)
X509Store.set_flags(flags)
X509Store.set_time(vfy_time)
X509StoreContext(store, certificate, chain)
X509StoreContext.get_verified_chain()
X509StoreContext.set_store(store)
X509StoreContext.verify_certificate()
X509StoreContextError(message, errors, certificate)
X509StoreContextError().certificate
X509StoreContextError().errors
X509StoreFlags
X509StoreFlags.ALLOW_PROXY_CERTS = 64
X509StoreFlags.CB_ISSUER_CHECK = 0
X509StoreFlags.CHECK_SS_SIGNATURE = 16384
X509StoreFlags.CRL_CHECK = 4
X509StoreFlags.CRL_CHECK_ALL = 8
X509StoreFlags.EXPLICIT_POLICY = 256
X509StoreFlags.IGNORE_CRITICAL = 16
X509StoreFlags.INHIBIT_MAP = 1024
X509StoreFlags.NOTIFY_POLICY = 2048
X509StoreFlags.PARTIAL_CHAIN = 524288
X509StoreFlags.POLICY_CHECK = 128
X509StoreFlags.X509_STRICT = 32
X509StoreType
X509Type
X509_verify_cert_error_string(code)
_EllipticCurve(lib, nid, name)
_EllipticCurve.from_nid(lib, nid)
_EllipticCurve().name
_Key
_PrivateKey
_PublicKey
_X509ExtensionInternal
dump_certificate(type, cert)
dump_certificate_request(type, req)
dump_crl(type, crl)
dump_privatekey(type, pkey, cipher, passphrase)
dump_publickey(type, pkey)
get_elliptic_curve(name)
get_elliptic_curves()
load_certificate(type, buffer)
load_certificate_request(type, buffer)
load_crl(type, buffer)
load_pkcs12(buffer, passphrase)
load_pkcs7_data(type, buffer)
load_privatekey(type, buffer, passphrase)
load_publickey(type, buffer)
sign(pkey, data, digest)
verify(cert, signature, data, digest)
"""
