"""Context: what a client offers. The ciphers of TLS 1.3, the profiles of SRTP, a certificate after the handshake."""

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.failing import reasons
from tests.support.hello import POST_HANDSHAKE_AUTH, USE_SRTP, client_hello
from tests.support.pairs import connected

# Numbers in the registries of TLS.
AES_128_GCM, AES_256_GCM = 0x1301, 0x1302
SRTP_AES128_CM_SHA1_80, SRTP_AES128_CM_SHA1_32 = 1, 2


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, bytes.decode])
def test_the_ciphers_of_tls_1_3(ec: Authority, kind: type):
    # C132; upstream takes bytes only.
    context = client_context(ec)
    assert context.set_tls13_ciphersuites(kind(b"TLS_AES_128_GCM_SHA256")) is None
    ciphers = SSL.Connection(context, None).get_cipher_list()
    assert [cipher for cipher in ciphers if cipher.startswith("TLS_")] == ["TLS_AES_128_GCM_SHA256"]
    assert AES_256_GCM not in client_hello(context).ciphers
    with connected(context, server_context(ec), "memory") as pair:
        assert pair.client.get_cipher_name() == "TLS_AES_128_GCM_SHA256"


def test_the_order_of_the_ciphers_of_tls_1_3(ec: Authority):
    context = client_context(ec)
    context.set_tls13_ciphersuites(b"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384")
    assert client_hello(context).ciphers[:2] == [AES_128_GCM, AES_256_GCM]


def test_the_lists_of_ciphers_leave_each_other_alone(ec: Authority):
    context = client_context(ec)
    context.set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256")
    context.set_tls13_ciphersuites(b"TLS_AES_128_GCM_SHA256")
    expected = ["TLS_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"]
    assert SSL.Connection(context, None).get_cipher_list() == expected
    context.set_cipher_list(b"ECDHE-ECDSA-AES256-GCM-SHA384")
    expected = ["TLS_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"]
    assert SSL.Connection(context, None).get_cipher_list() == expected


def test_without_ciphers_of_tls_1_3_it_is_not_spoken(ec: Authority):
    context = client_context(ec)
    context.set_tls13_ciphersuites(b"")
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    assert not [cipher for cipher in SSL.Connection(context, None).get_cipher_list() if cipher.startswith("TLS_")]
    assert not {AES_128_GCM, AES_256_GCM} & {*client_hello(context).ciphers}
    with connected(context, server_context(ec), "memory") as pair:
        assert pair.client.get_protocol_version_name() == "TLSv1.2"


@pytest.mark.parametrize("names", [b"no-such-cipher", b"AES128-SHA", b":"])
def test_unknown_ciphers_of_tls_1_3_are_an_error(ec: Authority, names: bytes):
    context = client_context(ec)
    context.set_tls13_ciphersuites(b"TLS_AES_128_GCM_SHA256")
    with pytest.raises(SSL.Error) as caught:
        context.set_tls13_ciphersuites(names)
    assert all(reasons(caught.value))
    assert client_hello(context).ciphers[0] == AES_128_GCM
    assert AES_256_GCM not in client_hello(context).ciphers


@pytest.mark.parametrize("names", [None, 7, object(), ["TLS_AES_128_GCM_SHA256"]])
def test_ciphers_of_tls_1_3_are_bytes_or_text(names: object):
    with pytest.raises(TypeError, match="ciphersuites"):
        SSL.Context(SSL.TLS_METHOD).set_tls13_ciphersuites(names)


def test_ciphers_of_tls_1_3_end_at_no_nul():
    # Upstream takes what is before it.
    with pytest.raises(ValueError, match="NUL"):
        SSL.Context(SSL.TLS_METHOD).set_tls13_ciphersuites(b"TLS_AES_128_GCM_SHA256\0TLS_AES_256_GCM_SHA384")
    with pytest.raises(UnicodeEncodeError):
        SSL.Context(SSL.TLS_METHOD).set_tls13_ciphersuites("TLS_ÄES")


@pytest.mark.parametrize(
    ("profiles", "offered"),
    [
        (b"SRTP_AES128_CM_SHA1_80", [SRTP_AES128_CM_SHA1_80]),
        (b"SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", [SRTP_AES128_CM_SHA1_32, SRTP_AES128_CM_SHA1_80]),
        (bytearray(b"SRTP_AES128_CM_SHA1_32"), [SRTP_AES128_CM_SHA1_32]),
    ],
)
def test_the_profiles_of_srtp(ec: Authority, profiles: bytes, offered: list[int]):
    client = SSL.Context(SSL.DTLS_METHOD)
    assert USE_SRTP not in client_hello(client).extensions
    client = SSL.Context(SSL.DTLS_METHOD)
    assert client.set_tlsext_use_srtp(profiles) is None
    listed = b"".join(number.to_bytes(2) for number in offered)
    # A list of profiles, and an empty master key identifier (RFC 5764, 4.1.1).
    assert client_hello(client).extensions[USE_SRTP] == len(listed).to_bytes(2) + listed + b"\0"


@pytest.mark.parametrize("profiles", [b"SRTP_BOGUS", b"", b"SRTP_AES128_CM_SHA1_80:SRTP_BOGUS"])
def test_an_unknown_profile_of_srtp_is_an_error(profiles: bytes):
    with pytest.raises(SSL.Error) as caught:
        SSL.Context(SSL.DTLS_METHOD).set_tlsext_use_srtp(profiles)
    assert all(reasons(caught.value))


@pytest.mark.parametrize("profiles", ["SRTP_AES128_CM_SHA1_80", None, 7])
def test_profiles_of_srtp_are_bytes(profiles: object):
    # C016: text is refused here, as the suites of upstream have it.
    with pytest.raises(TypeError, match="profiles"):
        SSL.Context(SSL.DTLS_METHOD).set_tlsext_use_srtp(profiles)


def test_profiles_of_srtp_end_at_no_nul():
    with pytest.raises(ValueError, match="NUL"):
        SSL.Context(SSL.DTLS_METHOD).set_tlsext_use_srtp(b"SRTP_AES128_CM_SHA1_80\0")


def test_a_client_offers_a_certificate_after_the_handshake_when_it_is_told_to(ec: Authority):
    assert POST_HANDSHAKE_AUTH not in client_hello(client_context(ec)).extensions
    context = client_context(ec)
    assert context.set_post_handshake_auth(True) is None
    assert client_hello(context).extensions[POST_HANDSHAKE_AUTH] == b""
    context.set_post_handshake_auth(False)
    assert POST_HANDSHAKE_AUTH not in client_hello(context).extensions
