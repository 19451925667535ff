"""A Context that is changed after it was used: later connections see the change, live ones do not.

C114: upstream forbids it since 26.2.0; the manual and the releases before allow it, and so do we.
"""

import gc
from collections.abc import Callable

import pytest
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, identify, server_context, trust, watch_verification
from tests.support.hello import POST_HANDSHAKE_AUTH, USE_SRTP, client_hello
from tests.support.pairs import connected, memory_pair
from tests.support.rows import rows


def presented(client: SSL.Context, server: SSL.Context) -> bytes:
    """Return the digest of the certificate that the server shows."""
    with connected(client, server, "memory") as pair:
        return pair.client.get_peer_certificate().digest("sha256")


def of(authority: Authority) -> bytes:
    return authority.server.x509.digest("sha256")


def test_a_new_certificate_is_presented_by_later_connections_only(ec: Authority, stranger: Authority):
    server, client = server_context(ec), SSL.Context(SSL.TLS_METHOD)
    assert presented(client, server) == of(ec)
    begun = memory_pair(client, server)
    identify(server, stranger, stranger.server)
    begun.handshake()
    assert begun.client.get_peer_certificate().digest("sha256") == of(ec)
    assert presented(client, server) == of(stranger)


def test_a_live_connection_goes_on_after_the_change(ec: Authority, stranger: Authority):
    server, client = server_context(ec), client_context(ec)
    with connected(client, server, "memory") as pair:
        identify(server, stranger, stranger.server)
        client.set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256")
        pair.client.send(b"before")
        pair.move()
        assert pair.server.recv(100) == b"before"
        pair.server.send(b"and back")
        pair.move()
        assert pair.client.recv(100) == b"and back"
        assert pair.client.get_context() is client
        assert pair.server.get_context() is server


@pytest.mark.parametrize("name", VERSIONS)
def test_protocol_versions(ec: Authority, name: str):
    server, client = server_context(ec), client_context(ec)
    begun = memory_pair(client, server)
    server.set_min_proto_version(VERSIONS[name])
    server.set_max_proto_version(VERSIONS[name])
    begun.handshake()
    assert begun.client.get_protocol_version_name() == "TLSv1.3"
    with connected(client, server, "memory") as pair:
        assert pair.client.get_protocol_version_name() == name


def test_options(ec: Authority):
    server, client = server_context(ec), client_context(ec)
    begun = memory_pair(client, server)
    first = server.set_options(SSL.OP_NO_TLSv1_3)
    assert first & SSL.OP_NO_TLSv1_3
    begun.handshake()
    assert begun.client.get_protocol_version_name() == "TLSv1.3"
    with connected(client, server, "memory") as pair:
        assert pair.client.get_protocol_version_name() == "TLSv1.2"
    second = server.set_options(SSL.OP_NO_COMPRESSION)
    assert second & SSL.OP_NO_TLSv1_3


def test_the_cipher_list(ec: Authority):
    context = server_context(ec)
    before = SSL.Connection(context, None)
    listed = before.get_cipher_list()
    context.set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256")
    assert before.get_cipher_list() == listed
    after = SSL.Connection(context, None).get_cipher_list()
    assert [cipher for cipher in after if not cipher.startswith("TLS_")] == ["ECDHE-ECDSA-AES128-GCM-SHA256"]


def test_the_verify_mode_and_callback(ec: Authority):
    seen = []

    def noting(name: str) -> Callable[..., bool]:
        return lambda *arguments: bool(seen.append(name)) or True

    server, client = server_context(ec), SSL.Context(SSL.TLS_METHOD)
    client.set_verify(SSL.VERIFY_PEER, noting("first"))
    begun = memory_pair(client, server)
    client.set_verify(SSL.VERIFY_PEER, noting("second"))
    # C121: what was set when the connection was made stays in force.
    begun.handshake()
    assert set(seen) == {"first"}
    seen.clear()
    memory_pair(client, server).handshake()
    assert set(seen) == {"second"}
    client.set_verify(SSL.VERIFY_NONE)
    assert client.get_verify_mode() == SSL.VERIFY_NONE
    assert begun.client.get_verify_mode() == SSL.VERIFY_PEER
    assert SSL.Connection(client, None).get_verify_mode() == SSL.VERIFY_NONE


def test_trust_is_added(ec: Authority, stranger: Authority, tmp_path):
    client = client_context(stranger)
    with pytest.raises(SSL.Error), connected(client, server_context(ec), "memory"):
        pass
    client.load_verify_locations(ec.root.cert_file)
    for authority in (ec, stranger):
        with connected(client, server_context(authority), "memory") as pair:
            assert pair.client.get_peer_certificate().digest("sha256") == of(authority)


def test_the_store_is_shared(ec: Authority):
    # A store is not a setting: what is added to it is there for all that use it, as the library has it.
    client = SSL.Context(SSL.TLS_METHOD)
    client.set_verify(SSL.VERIFY_PEER)
    begun = memory_pair(client, server_context(ec))
    client.set_cipher_list(b"DEFAULT")
    trust(client, ec)
    begun.handshake()
    memory_pair(client, server_context(ec)).handshake()


@rows(219)
def test_all_earlier_settings_are_kept(ec: Authority, tmp_path):
    server = SSL.Context(SSL.TLS_METHOD)
    certificate, key, root = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "root.pem"
    certificate.write_bytes(ec.server.cert_pem + ec.intermediate.cert_pem)
    key.write_bytes(ec.server.key_pem)
    root.write_bytes(ec.root.cert_pem)
    server.use_certificate_chain_file(str(certificate))
    server.use_privatekey_file(str(key))
    server.load_verify_locations(str(root))
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    server.set_verify_depth(4)
    server.set_session_id(b"kept")
    server.set_timeout(77)
    server.set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256")
    server.set_max_proto_version(SSL.TLS1_2_VERSION)
    server.set_app_data("kept")
    # What was loaded is replayed from memory: the files may have gone, or have been replaced.
    for file in (certificate, key, root):
        file.unlink()
    client = client_context(ec)
    identify(client, ec, ec.client)
    for change in (SSL.OP_NO_COMPRESSION, SSL.OP_NO_TICKET):
        with connected(client, server, "memory") as pair:
            assert pair.client.get_protocol_version_name() == "TLSv1.2"
            assert pair.client.get_cipher_name() == "ECDHE-ECDSA-AES128-GCM-SHA256"
            assert len(pair.client.get_peer_cert_chain()) == 2
            assert pair.server.get_peer_certificate() is not None
        server.set_options(change)
        server.check_privatekey()
        assert server.get_timeout() == 77
        assert server.get_verify_depth() == 4
        assert server.get_verify_mode() == SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        assert server.get_app_data() == "kept"


def test_a_refused_change_changes_nothing(ec: Authority, stranger: Authority):
    server, client = server_context(ec), client_context(ec)
    with connected(client, server, "memory"):
        pass
    with pytest.raises(SSL.Error):
        server.use_privatekey(stranger.server.pkey)
    with pytest.raises(SSL.Error):
        server.set_cipher_list(b"no-such-cipher")
    with connected(client, server, "memory") as pair:
        assert pair.client.get_peer_certificate().digest("sha256") == of(ec)


def test_many_changes_and_connections(ec: Authority):
    server, client = server_context(ec), client_context(ec)
    live = []
    for number in range(1, 51):
        server.set_timeout(number)
        pair = memory_pair(client, server)
        live.append(pair)
        assert server.get_timeout() == number
    gc.collect()
    for pair in live[::10]:
        pair.handshake()


def test_a_session_outlives_a_change_that_leaves_trust_alone(ec: Authority):
    # Design 5: ticket keys are kept unless trust settings changed.
    server, client = server_context(ec, "TLSv1.2"), client_context(ec, "TLSv1.2")
    looked_at = watch_verification(client)
    with connected(client, server, "memory") as pair:
        session = pair.client.get_session()
    server.set_timeout(299)
    looked_at.clear()
    pair = memory_pair(client, server)
    pair.client.set_session(session)
    pair.handshake()
    assert looked_at == []


def test_a_certificate_that_is_changed_after_it_was_given(ec: Authority):
    # The Context keeps the certificate as it was, also when it is built anew.
    server = SSL.Context(SSL.TLS_METHOD)
    certificate = crypto.load_certificate(crypto.FILETYPE_PEM, ec.server.cert_pem)
    server.use_certificate(certificate)
    server.use_privatekey(ec.server.pkey)
    SSL.Connection(server, None)
    certificate.set_pubkey(ec.client.pkey)
    server.set_timeout(5)
    server.check_privatekey()
    client = SSL.Context(SSL.TLS_METHOD)
    with connected(client, server, "memory") as pair:
        assert pair.client.get_peer_certificate().digest("sha256") == ec.server.x509.digest("sha256")


@rows(219)
def test_what_a_client_offers_is_kept(ec: Authority):
    client = SSL.Context(SSL.TLS_METHOD)
    client.set_tls13_ciphersuites(b"TLS_AES_128_GCM_SHA256")
    client.set_tmp_ecdh(crypto.get_elliptic_curve("secp384r1"))
    client.set_post_handshake_auth(True)
    before = client_hello(client)
    client.set_timeout(5)
    after = client_hello(client)
    assert after.ciphers == before.ciphers
    assert after.groups == before.groups == [24]
    assert POST_HANDSHAKE_AUTH in after.extensions


@rows(219)
def test_the_profiles_of_srtp_are_kept():
    client = SSL.Context(SSL.DTLS_METHOD)
    client.set_tlsext_use_srtp(b"SRTP_AES128_CM_SHA1_80")
    before = client_hello(client)
    client.set_timeout(5)
    assert client_hello(client).extensions[USE_SRTP] == before.extensions[USE_SRTP]


def test_the_mode_is_kept_as_it_was_last_left():
    context = SSL.Context(SSL.TLS_METHOD)
    first = context.set_mode(0)
    assert context.set_mode(SSL.MODE_RELEASE_BUFFERS) == first | SSL.MODE_RELEASE_BUFFERS
    assert context.clear_mode(1 | SSL.MODE_RELEASE_BUFFERS) == first & ~1
    SSL.Connection(context, None)
    context.set_timeout(5)
    assert context.set_mode(0) == first & ~1
    assert context.set_mode(1) == first
    SSL.Connection(context, None)
    context.set_timeout(6)
    assert context.set_mode(0) == first
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.clear_mode(1)
    SSL.Connection(context, None)
    context.set_timeout(7)
    assert context.set_mode(0) == (first | SSL.MODE_RELEASE_BUFFERS) & ~1
