"""The tests that are left out, each by its name and for a reason of one of five kinds.

A test is left out where it cannot be run or must not pass, never because it fails. The runner runs all but those that
need the network all the same, and complains about one that passes: its exclusion is no longer needed. (Not about
those that depend on the linked OpenSSL, which may be an older one.)

Only tests of pyOpenSSL itself are left out; where another program's test fails, the cause is mended.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """Why a test may be left out."""

    PRIVATE = "replaces or reads a C function of the original's private binding"
    DECIDED = "asserts what this project decided against"
    LATER = "asserts what a later release of pyOpenSSL has changed"
    LIBRARY = "asserts what the linked OpenSSL, or an old cryptography, does not do any more"
    NETWORK = "needs the network"


@dataclass(frozen=True)
class Exclusion:
    """One test function, with all its parameters."""

    test: str
    """Module, class and function, joined as in `tests.test_ssl::TestContext::test_method`."""
    kind: Kind
    reason: str
    """What it does that it is left out for, in a few words."""

    def covers(self, test: str) -> bool:
        """Whether a test, which may have parameters, is one of this function."""
        return test == self.test or test.startswith(f"{self.test}[")


def crypto(kind: Kind, reason: str, *tests: str) -> tuple[Exclusion, ...]:
    """Leave out tests of tests/test_crypto.py, each given as `Class::function`."""
    return tuple(Exclusion(f"tests.test_crypto::{test}", kind, reason) for test in tests)


def ssl(kind: Kind, reason: str, *tests: str) -> tuple[Exclusion, ...]:
    """Leave out tests of tests/test_ssl.py, each given as `Class::function`."""
    return tuple(Exclusion(f"tests.test_ssl::{test}", kind, reason) for test in tests)


NETWORK = ssl(Kind.NETWORK, "connects to encrypted.google.com", "TestContext::test_set_default_verify_paths")

# In all four releases.
PRIVATE = (
    *crypto(
        Kind.PRIVATE,
        "replaces X509_STORE_load_locations and looks at its arguments",
        "TestX509Store::test_load_locations_parameters",
    ),
    *ssl(
        Kind.PRIVATE,
        "replaces SSL_CTX_set_default_verify_paths, to see what happens when it finds nothing",
        "TestContext::test_fallback_default_verify_paths",
        "TestContext::test_verify_no_fallback_if_env_vars_set",
    ),
)
STACK = crypto(
    Kind.PRIVATE,
    "replaces sk_X509_push with one that fails",
    "TestX509StoreContext::test_failure_building_untrusted_chain_raises",
)
TIMER = ssl(
    Kind.PRIVATE, "does all else that it asks for, then makes DTLSv1_handle_timeout fail", "TestDTLS::test_timeout"
)
DECIDED = (
    *ssl(
        Kind.DECIDED,
        "wants a warning for a path that is a str, which the manual shows",
        "TestContext::test_load_client_ca_unicode",
    ),
    *ssl(Kind.DECIDED, "wants makefile missing; it is there", "TestConnection::test_makefile"),
)

PYOPENSSL_26_4_0 = (
    *NETWORK,
    *PRIVATE,
    *STACK,
    *TIMER,
    *ssl(
        Kind.PRIVATE,
        "replaces SSL_get0_group_name with one that knows no name",
        "TestConnection::test_group_name_null_case",
    ),
    *DECIDED,
    *ssl(
        Kind.DECIDED,
        "wants a warning for a curve of get_elliptic_curve; no name that is kept warns",
        "TestContext::test_set_tmp_ecdh",
    ),
    *ssl(
        Kind.DECIDED,
        "wants the retry of a write refused from another buffer, unless a mode allows it; it is always allowed",
        "TestConnection::test_moving_buffer_behavior",
    ),
)

# Up to 26.2 a session of any context was taken, and a context could not be changed without changing its connections.
UP_TO_26 = (
    *ssl(
        Kind.DECIDED,
        "resumes a session of another context, which later releases refuse too",
        "TestConnection::test_client_set_session",
        "TestConnection::test_set_session_wrong_method",
    ),
    *ssl(
        Kind.DECIDED,
        "changes a context after its connection was made; connections keep what they were made with",
        "TestMemoryBIO::test_set_one_ca_list",
        "TestMemoryBIO::test_set_multiple_ca_list",
        "TestMemoryBIO::test_reset_ca_list",
        "TestMemoryBIO::test_mutated_ca_list",
        "TestMemoryBIO::test_one_add_client_ca",
        "TestMemoryBIO::test_multiple_add_client_ca",
        "TestMemoryBIO::test_set_and_add_client_ca",
        "TestMemoryBIO::test_set_after_add_client_ca",
    ),
    *crypto(
        Kind.DECIDED,
        "wants what follows the digits of a serial number cut off; nothing is cut off here",
        "TestRevoked::test_serial",
    ),
    *crypto(
        Kind.LIBRARY,
        "reads a CRL that names other issuers but is not an indirect one, which OpenSSL 4 refuses",
        "TestRevoked::test_ignores_unsupported_revoked_cert_extension_get_reason",
        "TestRevoked::test_ignores_unsupported_revoked_cert_extension_set_new_reason",
    ),
    *ssl(
        Kind.LIBRARY,
        "staples what is no OCSP response, which OpenSSL 4 does not send",
        "TestOCSP::test_client_receives_servers_data",
    ),
)

PYOPENSSL_23_2_0 = (*NETWORK, *PRIVATE, *STACK, *TIMER, *DECIDED, *UP_TO_26)

# 22.1 changed the arguments of X509StoreContextError, 23.2 what version a request may have.
UP_TO_22 = (
    *crypto(
        Kind.LATER,
        "reads the old arguments of X509StoreContextError",
        "TestCRL::test_verify_with_revoked",
        "TestCRL::test_verify_with_missing_crl",
        "TestX509StoreContext::test_untrusted_self_signed",
        "TestX509StoreContext::test_invalid_chain_no_root",
        "TestX509StoreContext::test_invalid_chain_no_intermediate",
        "TestX509StoreContext::test_verify_with_time",
    ),
    *crypto(Kind.LATER, "sets a request's version to 1", "TestX509Req::test_version"),
    *crypto(
        Kind.LATER,
        "wants a key of an elliptic curve refused",
        "TestPKey::test_convert_from_cryptography_unsupported_type",
    ),
    *crypto(
        Kind.LIBRARY,
        "compares text that OpenSSL 3 words otherwise: no line break after an IPv6 address",
        "TestX509::test_nullbyte_subjectAltName",
    ),
    *ssl(
        Kind.LIBRARY,
        "compares an error that names a C function, which OpenSSL 3 does not tell",
        "TestContext::test_set_session_id_fail",
    ),
)

PYOPENSSL_22_0_0 = (
    *NETWORK,
    *PRIVATE,
    *STACK,
    *DECIDED,
    *UP_TO_26,
    *UP_TO_22,
    *crypto(
        Kind.LATER,
        "reads the old arguments of X509StoreContextError",
        "TestX509StoreContext::test_modification_pre_verify",
        "TestX509StoreContext::test_get_verified_chain_invalid_chain_no_root",
        "TestX509StoreContext::test_verify_failure_with_empty_ca_directory",
    ),
    *ssl(
        Kind.LIBRARY,
        "compares an error that names a C function, which OpenSSL 3 does not tell",
        "TestContext::test_set_cipher_list_no_cipher_match",
    ),
)

PYOPENSSL_17_5_0 = (
    *NETWORK,
    *(exclusion for exclusion in PRIVATE if "load_locations" not in exclusion.test),
    *DECIDED,
    *UP_TO_26,
    *UP_TO_22,
    *crypto(Kind.LATER, "wants a certificate refused that is there", "TestX509Store::test_add_cert_rejects_duplicate"),
    *ssl(Kind.LATER, "wants a method refused that 22.0 added", "TestContext::test_method"),
    *ssl(Kind.LATER, "wants None refused for the callback", "TestContext::test_set_verify_wrong_callable_arg"),
    *ssl(
        Kind.LATER,
        "negotiates with NPN, which is gone since 20.0",
        "TestNextProtoNegotiation::test_npn_success",
        "TestNextProtoNegotiation::test_npn_client_fail",
        "TestNextProtoNegotiation::test_npn_select_error",
        "TestNextProtoNegotiation::test_npn_advertise_error",
    ),
    *crypto(
        Kind.LIBRARY,
        "makes an RSA key of less than 512 bits",
        "TestX509Ext::test_unused_subject",
        "TestX509Ext::test_subject",
        "TestX509Ext::test_unused_issuer",
        "TestX509Ext::test_issuer",
        "TestPKey::test_rsa_generation",
    ),
    *ssl(
        Kind.LIBRARY,
        "makes an RSA key of less than 512 bits",
        "TestContext::test_use_privatekey",
        "TestContext::test_use_privatekey_file_bytes",
        "TestContext::test_use_privatekey_file_unicode",
        "TestContext::test_set_passwd_cb",
        "TestContext::test_passwd_callback_exception",
        "TestContext::test_passwd_callback_false",
        "TestContext::test_passwd_callback_non_string",
        "TestContext::test_passwd_callback_too_long",
    ),
    *crypto(
        Kind.LIBRARY,
        "encodes what is incomplete",
        "TestX509Req::test_verify_wrong_key",
        "TestX509Req::test_verify_success",
        "TestNetscapeSPKI::test_b64_encode",
    ),
    *crypto(
        Kind.LIBRARY,
        "is run with cryptography 2.2, of whose functions later ones need one argument less",
        "TestPKey::test_convert_public_pkey_to_cryptography_key",
        "TestPKey::test_convert_private_pkey_to_cryptography_key",
        "TestX509Req::test_convert_to_cryptography_key",
        "TestX509::test_convert_to_cryptography_key",
        "TestCRL::test_convert_to_cryptography_key",
    ),
    *ssl(Kind.LIBRARY, "renegotiates without asking for TLS 1.2", "TestConnectionRenegotiate::test_renegotiate"),
)
