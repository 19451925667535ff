"""Every name that any release of pyOpenSSL, 0.6 to 26.4.0, had in `SSL`, with the parameters it had last.

One a line: a function or method with its parameters, a constant or class attribute with its value, anything else by
its name alone. `Class().name` is an attribute of instances. Left out is `_C_API`, up to 0.13 a pointer for other
extensions in C.
"""

SURFACE = """
Connection().bind
Connection().close
Connection().fileno
Connection().getpeername
Connection().getsockname
Connection().getsockopt
Connection().listen
Connection().setblocking
Connection().setsockopt
Connection(context, socket)
Connection.DTLSv1_get_timeout()
Connection.DTLSv1_handle_timeout()
Connection.DTLSv1_listen()
Connection.accept()
Connection.bio_read(bufsiz)
Connection.bio_shutdown()
Connection.bio_write(buf)
Connection.client_random()
Connection.connect(addr)
Connection.connect_ex(addr)
Connection.do_handshake()
Connection.export_keying_material(label, olen, context)
Connection.get_alpn_proto_negotiated()
Connection.get_app_data()
Connection.get_certificate(as_cryptography)
Connection.get_cipher_bits()
Connection.get_cipher_list()
Connection.get_cipher_name()
Connection.get_cipher_version()
Connection.get_cleartext_mtu()
Connection.get_client_ca_list(as_cryptography)
Connection.get_context()
Connection.get_finished()
Connection.get_group_name()
Connection.get_next_proto_negotiated()
Connection.get_peer_cert_chain(as_cryptography)
Connection.get_peer_certificate(as_cryptography)
Connection.get_peer_finished()
Connection.get_protocol_version()
Connection.get_protocol_version_name()
Connection.get_selected_srtp_profile()
Connection.get_servername()
Connection.get_session()
Connection.get_shutdown()
Connection.get_state_string()
Connection.get_verified_chain(as_cryptography)
Connection.get_verify_mode()
Connection.makefile()
Connection.master_key()
Connection.pending()
Connection.read(bufsiz, flags)
Connection.recv(bufsiz, flags)
Connection.recv_into(buffer, nbytes, flags)
Connection.renegotiate()
Connection.renegotiate_pending()
Connection.request_ocsp()
Connection.send(buf, flags)
Connection.sendall(buf, flags)
Connection.server_random()
Connection.set_accept_state()
Connection.set_alpn_protos(protos)
Connection.set_app_data(data)
Connection.set_ciphertext_mtu(mtu)
Connection.set_connect_state()
Connection.set_context(context)
Connection.set_info_callback(callback)
Connection.set_options(options)
Connection.set_session(session)
Connection.set_shutdown(state)
Connection.set_tlsext_host_name(name)
Connection.set_verify(mode, callback)
Connection.shutdown()
Connection.sock_shutdown()
Connection.state_string()
Connection.total_renegotiations()
Connection.use_certificate(cert)
Connection.use_privatekey(pkey)
Connection.want_read()
Connection.want_write()
Connection.write(buf, flags)
ConnectionType
Context(method)
Context.add_client_ca(certificate_authority)
Context.add_extra_chain_cert(certobj)
Context.check_privatekey()
Context.clear_mode(mode_to_clear)
Context.get_app_data()
Context.get_cert_store()
Context.get_session_cache_mode()
Context.get_timeout()
Context.get_verify_depth()
Context.get_verify_mode()
Context.load_client_ca(cafile)
Context.load_tmp_dh(dhfile)
Context.load_verify_locations(cafile, capath)
Context.set_alpn_protos(protos)
Context.set_alpn_select_callback(callback)
Context.set_app_data(data)
Context.set_cipher_list(cipher_list)
Context.set_client_ca_list(certificate_authorities)
Context.set_cookie_generate_callback(callback)
Context.set_cookie_verify_callback(callback)
Context.set_default_verify_paths()
Context.set_info_callback(callback)
Context.set_keylog_callback(callback)
Context.set_max_proto_version(version)
Context.set_min_proto_version(version)
Context.set_mode(mode)
Context.set_npn_advertise_callback(callback)
Context.set_npn_select_callback(callback)
Context.set_ocsp_client_callback(callback, data)
Context.set_ocsp_server_callback(callback, data)
Context.set_options(options)
Context.set_passwd_cb(callback, userdata)
Context.set_session_cache_mode(mode)
Context.set_session_id(buf)
Context.set_timeout(timeout)
Context.set_tls13_ciphersuites(ciphersuites)
Context.set_tlsext_servername_callback(callback)
Context.set_tlsext_use_srtp(profiles)
Context.set_tmp_ecdh(curve)
Context.set_verify(mode, callback)
Context.set_verify_depth(depth)
Context.use_certificate(cert)
Context.use_certificate_chain_file(certfile)
Context.use_certificate_file(certfile, filetype)
Context.use_privatekey(pkey)
Context.use_privatekey_file(keyfile, filetype)
ContextType
DTLS_CLIENT_METHOD = 12
DTLS_METHOD = 10
DTLS_SERVER_METHOD = 11
Error
F
FILETYPE_ASN1 = 2
FILETYPE_PEM = 1
MODE_RELEASE_BUFFERS = 16
NO_OVERLAPPING_PROTOCOLS
OPENSSL_BUILT_ON = 2
OPENSSL_CFLAGS = 1
OPENSSL_DIR = 4
OPENSSL_PLATFORM = 3
OPENSSL_VERSION = 0
OPENSSL_VERSION_NUMBER
OP_ALL = 2147485776
OP_CIPHER_SERVER_PREFERENCE = 4194304
OP_COOKIE_EXCHANGE = 8192
OP_DONT_INSERT_EMPTY_FRAGMENTS = 2048
OP_EPHEMERAL_RSA = 0
OP_IGNORE_UNEXPECTED_EOF = 128
OP_LEGACY_SERVER_CONNECT = 4
OP_MICROSOFT_BIG_SSLV3_BUFFER = 0
OP_MICROSOFT_SESS_ID_BUG = 0
OP_MSIE_SSLV2_RSA_PADDING = 0
OP_NETSCAPE_CA_DN_BUG = 0
OP_NETSCAPE_CHALLENGE_BUG = 0
OP_NETSCAPE_DEMO_CIPHER_CHANGE_BUG = 0
OP_NETSCAPE_REUSE_CIPHER_CHANGE_BUG = 0
OP_NO_COMPRESSION = 131072
OP_NO_QUERY_MTU = 4096
OP_NO_RENEGOTIATION = 1073741824
OP_NO_SSLv2 = 0
OP_NO_SSLv3 = 33554432
OP_NO_TICKET = 16384
OP_NO_TLSv1 = 67108864
OP_NO_TLSv1_1 = 268435456
OP_NO_TLSv1_2 = 134217728
OP_NO_TLSv1_3 = 536870912
OP_PKCS1_CHECK_1 = 0
OP_PKCS1_CHECK_2 = 0
OP_SINGLE_DH_USE = 0
OP_SINGLE_ECDH_USE = 0
OP_SSLEAY_080_CLIENT_DH_BUG = 0
OP_SSLREF2_REUSE_CERT_TYPE_BUG = 0
OP_TLS_BLOCK_PADDING_BUG = 0
OP_TLS_D5_BUG = 0
OP_TLS_ROLLBACK_BUG = 8388608
OpenSSL_version(type)
PKey
RECEIVED_SHUTDOWN = 2
SENT_SHUTDOWN = 1
SESS_CACHE_BOTH = 3
SESS_CACHE_CLIENT = 1
SESS_CACHE_NO_AUTO_CLEAR = 128
SESS_CACHE_NO_INTERNAL = 768
SESS_CACHE_NO_INTERNAL_LOOKUP = 256
SESS_CACHE_NO_INTERNAL_STORE = 512
SESS_CACHE_OFF = 0
SESS_CACHE_SERVER = 2
SSL3_VERSION = 768
SSLEAY_BUILT_ON = 2
SSLEAY_CFLAGS = 1
SSLEAY_DIR = 4
SSLEAY_PLATFORM = 3
SSLEAY_VERSION = 0
SSL_CB_ACCEPT_EXIT = 8194
SSL_CB_ACCEPT_LOOP = 8193
SSL_CB_ALERT = 16384
SSL_CB_CONNECT_EXIT = 4098
SSL_CB_CONNECT_LOOP = 4097
SSL_CB_EXIT = 2
SSL_CB_HANDSHAKE_DONE = 32
SSL_CB_HANDSHAKE_START = 16
SSL_CB_LOOP = 1
SSL_CB_READ = 4
SSL_CB_READ_ALERT = 16388
SSL_CB_WRITE = 8
SSL_CB_WRITE_ALERT = 16392
SSL_ST_ACCEPT = 8192
SSL_ST_BEFORE = 16384
SSL_ST_CONNECT = 4096
SSL_ST_INIT = 12288
SSL_ST_MASK = 4095
SSL_ST_OK = 3
SSL_ST_RENEGOTIATE = 12292
SSLeay_version(type)
SSLv23_METHOD = 3
SSLv2_METHOD = 1
SSLv3_METHOD = 2
Session()
SysCallError
TLS1_1_VERSION = 770
TLS1_2_VERSION = 771
TLS1_3_VERSION = 772
TLS1_VERSION = 769
TLS_CLIENT_METHOD = 9
TLS_METHOD = 7
TLS_SERVER_METHOD = 8
TLSv1_1_METHOD = 5
TLSv1_2_METHOD = 6
TLSv1_METHOD = 4
VERIFY_CLIENT_ONCE = 4
VERIFY_FAIL_IF_NO_PEER_CERT = 2
VERIFY_NONE = 0
VERIFY_PEER = 1
WantReadError
WantWriteError
WantX509LookupError
X509
X509Name
X509Store
X509VerificationCodes
X509VerificationCodes.ERR_AKID_ISSUER_SERIAL_MISMATCH = 31
X509VerificationCodes.ERR_AKID_SKID_MISMATCH = 30
X509VerificationCodes.ERR_APPLICATION_VERIFICATION = 50
X509VerificationCodes.ERR_CERT_CHAIN_TOO_LONG = 22
X509VerificationCodes.ERR_CERT_HAS_EXPIRED = 10
X509VerificationCodes.ERR_CERT_NOT_YET_VALID = 9
X509VerificationCodes.ERR_CERT_REJECTED = 28
X509VerificationCodes.ERR_CERT_REVOKED = 23
X509VerificationCodes.ERR_CERT_SIGNATURE_FAILURE = 7
X509VerificationCodes.ERR_CERT_UNTRUSTED = 27
X509VerificationCodes.ERR_CRL_HAS_EXPIRED = 12
X509VerificationCodes.ERR_CRL_NOT_YET_VALID = 11
X509VerificationCodes.ERR_CRL_PATH_VALIDATION_ERROR = 54
X509VerificationCodes.ERR_CRL_SIGNATURE_FAILURE = 8
X509VerificationCodes.ERR_DEPTH_ZERO_SELF_SIGNED_CERT = 18
X509VerificationCodes.ERR_DIFFERENT_CRL_SCOPE = 44
X509VerificationCodes.ERR_EMAIL_MISMATCH = 63
X509VerificationCodes.ERR_ERROR_IN_CERT_NOT_AFTER_FIELD = 14
X509VerificationCodes.ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD = 13
X509VerificationCodes.ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD = 15
X509VerificationCodes.ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD = 16
X509VerificationCodes.ERR_EXCLUDED_VIOLATION = 48
X509VerificationCodes.ERR_HOSTNAME_MISMATCH = 62
X509VerificationCodes.ERR_INVALID_CA = 79
X509VerificationCodes.ERR_INVALID_EXTENSION = 41
X509VerificationCodes.ERR_INVALID_NON_CA = 37
X509VerificationCodes.ERR_INVALID_POLICY_EXTENSION = 42
X509VerificationCodes.ERR_INVALID_PURPOSE = 26
X509VerificationCodes.ERR_IP_ADDRESS_MISMATCH = 64
X509VerificationCodes.ERR_KEYUSAGE_NO_CERTSIGN = 32
X509VerificationCodes.ERR_KEYUSAGE_NO_CRL_SIGN = 35
X509VerificationCodes.ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE = 39
X509VerificationCodes.ERR_NO_EXPLICIT_POLICY = 43
X509VerificationCodes.ERR_OUT_OF_MEM = 17
X509VerificationCodes.ERR_PATH_LENGTH_EXCEEDED = 25
X509VerificationCodes.ERR_PERMITTED_VIOLATION = 47
X509VerificationCodes.ERR_PROXY_CERTIFICATES_NOT_ALLOWED = 40
X509VerificationCodes.ERR_PROXY_PATH_LENGTH_EXCEEDED = 38
X509VerificationCodes.ERR_SELF_SIGNED_CERT_IN_CHAIN = 19
X509VerificationCodes.ERR_SUBJECT_ISSUER_MISMATCH = 29
X509VerificationCodes.ERR_SUBTREE_MINMAX = 49
X509VerificationCodes.ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY = 6
X509VerificationCodes.ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE = 4
X509VerificationCodes.ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE = 5
X509VerificationCodes.ERR_UNABLE_TO_GET_CRL = 3
X509VerificationCodes.ERR_UNABLE_TO_GET_CRL_ISSUER = 33
X509VerificationCodes.ERR_UNABLE_TO_GET_ISSUER_CERT = 2
X509VerificationCodes.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY = 20
X509VerificationCodes.ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE = 21
X509VerificationCodes.ERR_UNHANDLED_CRITICAL_CRL_EXTENSION = 36
X509VerificationCodes.ERR_UNHANDLED_CRITICAL_EXTENSION = 34
X509VerificationCodes.ERR_UNNESTED_RESOURCE = 46
X509VerificationCodes.ERR_UNSUPPORTED_CONSTRAINT_SYNTAX = 52
X509VerificationCodes.ERR_UNSUPPORTED_CONSTRAINT_TYPE = 51
X509VerificationCodes.ERR_UNSUPPORTED_EXTENSION_FEATURE = 45
X509VerificationCodes.ERR_UNSUPPORTED_NAME_SYNTAX = 53
X509VerificationCodes.OK = 0
ZeroReturnError
_CERTIFICATE_FILE_LOCATIONS
_CERTIFICATE_PATH_LOCATIONS
_CRYPTOGRAPHY_MANYLINUX_CA_DIR
_CRYPTOGRAPHY_MANYLINUX_CA_FILE
_NoOverlappingProtocols
_asFileDescriptor(obj)
_make_requires(flag, error)
"""
