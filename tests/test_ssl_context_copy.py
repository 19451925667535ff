"""Context.copy: another Context with all that was set on the first, and what the two share afterwards."""

import gc
import weakref

import pytest
from OpenSSL import SSL

from tests.conftest import UPSTREAM
from tests.support.authority import PASSPHRASE, Authority
from tests.support.contexts import client_context, identify, server_context
from tests.support.hello import client_hello
from tests.support.pairs import connected, memory_pair

pytestmark = pytest.mark.skipif(UPSTREAM, reason="about this package")


def test_settings_certificates_and_keys(ec: Authority):
    server = server_context(ec, "TLSv1.2")
    server.set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256")
    server.set_timeout(77)
    server.set_verify_depth(4)
    server.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    options, mode = server.set_options(SSL.OP_NO_COMPRESSION), server.clear_mode(1)
    copy = server.copy()
    assert copy is not server
    assert type(copy) is SSL.Context
    assert copy.get_timeout() == 77
    assert copy.get_verify_depth() == 4
    assert copy.get_session_cache_mode() == SSL.SESS_CACHE_OFF
    assert copy.set_options(0) == options
    assert copy.set_mode(0) == mode
    copy.check_privatekey()
    with connected(client_context(ec), copy, "memory") as pair:
        assert pair.client.get_protocol_version_name() == "TLSv1.2"
        assert pair.client.get_cipher_name() == "ECDHE-ECDSA-AES128-GCM-SHA256"
        assert len(pair.client.get_peer_cert_chain()) == 2
        assert pair.server.get_context() is copy


def test_what_a_client_offers(ec: Authority):
    client = client_context(ec)
    client.set_tls13_ciphersuites(b"TLS_AES_128_GCM_SHA256")
    client.set_alpn_protos([b"h2", b"http/1.1"])
    client.set_post_handshake_auth(True)
    wanted, got = client_hello(client), client_hello(client.copy())
    assert got.ciphers == wanted.ciphers
    assert set(got.extensions) == set(wanted.extensions)
    alpn = 16
    assert got.extensions[alpn] == wanted.extensions[alpn]


def test_what_is_set_later_is_for_one_of_them(ec: Authority, stranger: Authority):
    server = server_context(ec)
    copy = server.copy()
    identify(copy, stranger, stranger.server)
    server.set_timeout(1)
    copy.set_timeout(2)
    for context, authority, timeout in ((server, ec, 1), (copy, stranger, 2)):
        assert context.get_timeout() == timeout
        with connected(SSL.Context(SSL.TLS_METHOD), context, "memory") as pair:
            assert pair.client.get_peer_certificate().digest("sha256") == authority.server.x509.digest("sha256")


def test_a_context_that_is_in_use_can_be_copied(ec: Authority):
    server, client = server_context(ec), client_context(ec)
    with connected(client, server, "memory") as pair:
        with connected(client.copy(), server.copy(), "memory") as other:
            other.client.send(b"copy")
            other.move()
            assert other.server.recv(100) == b"copy"
        pair.client.send(b"first")
        pair.move()
        assert pair.server.recv(100) == b"first"


def test_the_store_of_trusted_certificates_is_shared(ec: Authority):
    client = SSL.Context(SSL.TLS_METHOD)
    client.set_verify(SSL.VERIFY_PEER)
    copy = client.copy()
    with pytest.raises(SSL.Error), connected(copy, server_context(ec), "memory"):
        pass
    client.get_cert_store().add_cert(ec.root.x509)
    with connected(copy, server_context(ec), "memory"):
        pass


def test_callbacks(ec: Authority):
    seen = []
    client, server = client_context(ec), server_context(ec)
    client.set_verify(SSL.VERIFY_PEER, lambda *arguments: seen.append("verify") or True)
    client.set_info_callback(lambda *arguments: seen.append("info"))
    client.set_keylog_callback(lambda *arguments: seen.append("keylog"))
    server.set_tlsext_servername_callback(lambda connection: seen.append("server name"))
    server.set_alpn_select_callback(lambda connection, offered: seen.append("alpn") or offered[0])
    client.set_alpn_protos([b"h2"])
    with connected(client.copy(), server.copy(), "memory") as pair:
        assert pair.client.get_alpn_proto_negotiated() == b"h2"
    assert {*seen} == {"verify", "info", "keylog", "server name", "alpn"}


def test_a_callback_that_is_set_later_is_for_one_of_them(ec: Authority):
    seen = []
    client = client_context(ec)
    client.set_info_callback(lambda *arguments: seen.append("first"))
    copy = client.copy()
    copy.set_info_callback(lambda *arguments: seen.append("copy"))
    memory_pair(client, server_context(ec)).handshake()
    assert {*seen} == {"first"}
    seen.clear()
    memory_pair(copy, server_context(ec)).handshake()
    assert {*seen} == {"copy"}


def test_the_passphrase_callback(ec: Authority):
    asked = []
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_passwd_cb(lambda *arguments: asked.append(arguments[2]) or PASSPHRASE, "userdata")
    copy = context.copy()
    copy.use_privatekey_file(ec.server.encrypted_key_file)
    assert asked == ["userdata"]


def test_application_data_and_attributes():
    context = SSL.Context(SSL.TLS_METHOD)
    data = object()
    context.set_app_data(data)
    context.colour = "red"
    copy = context.copy()
    assert copy.get_app_data() is data
    assert copy.colour == "red"
    copy.set_app_data(None)
    copy.colour = "blue"
    assert context.get_app_data() is data
    assert context.colour == "red"


class Special(SSL.Context):
    """A Context of a program's own."""

    made = 0

    def __init__(self, name: str) -> None:
        super().__init__(SSL.TLS_METHOD)
        Special.made += 1
        self.name = name


def test_a_subclass(ec: Authority):
    made = Special.made
    context = Special("one")
    copy = context.copy()
    assert type(copy) is Special
    assert copy.name == "one"
    assert Special.made == made + 1
    identify(copy, ec, ec.server)
    with connected(client_context(ec), copy, "memory"):
        pass


def test_the_method(ec: Authority):
    copy = SSL.Context(SSL.TLSv1_2_METHOD).copy()
    with connected(copy, server_context(ec), "memory") as pair:
        assert pair.client.get_protocol_version_name() == "TLSv1.2"
    with pytest.raises(ValueError, match="twice"):
        copy.__init__(SSL.TLS_METHOD)


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_sessions_belong_to_one_of_them(ec: Authority, version: str):
    server, client = server_context(ec, version), client_context(ec)
    with connected(client, server, "memory") as pair:
        # In TLS 1.3 the tickets come after the handshake.
        with pytest.raises(SSL.WantReadError):
            pair.client.recv(1)
        session = pair.client.get_session()
    with pytest.raises(ValueError, match="Context"):
        SSL.Connection(client.copy(), None).set_session(session)
    # Nor does the copy of a server know the keys of the first one's tickets.
    for context, resumed in ((server.copy(), False), (server, True)):
        pair = memory_pair(client, context)
        pair.client.set_session(session)
        pair.handshake()
        assert pair.client.session_reused() is resumed


def test_a_context_without_init_has_nothing_to_copy():
    with pytest.raises(TypeError, match="__init__"):
        SSL.Context.__new__(SSL.Context).copy()


def test_copies_are_collected():
    class Data:
        pass

    context = SSL.Context(SSL.TLS_METHOD)
    data = Data()
    data.context = context.copy()
    data.context.set_app_data(data)
    gone, copy = weakref.ref(data), weakref.ref(data.context)
    del data
    gc.collect()
    assert gone() is None
    assert copy() is None
    assert context.get_timeout() == 300
