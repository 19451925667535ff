"""Rules: what a handshake uses lives until it is done with it, whatever its callbacks replace, drop and close.

Bug classes: callback replaced or object collected during a handshake; ALPN with empty lists.
"""

import contextlib
import gc
import threading
import weakref

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, identify, requiring, server_context
from tests.support.failing import handshake_errors
from tests.support.pairs import carry, memory_pair


@pytest.mark.parametrize("version", VERSIONS)
def test_callback_replaced_during_a_handshake(ec: Authority, version: str):
    """Each callback replaces itself while it runs, and is collected; its own answer still counts."""
    client, server = client_context(ec, version), server_context(ec, version)
    died: list[str] = []

    def install(set_callback, name: str, answer: object) -> None:
        def callback(*arguments):
            if not arguments[0].get_app_data():
                arguments[0].set_app_data(True)
            install(set_callback, name, answer)
            gc.collect()
            return answer

        weakref.finalize(callback, died.append, name)
        set_callback(callback)

    client.set_alpn_protos([b"h2"])
    install(lambda callback: client.set_verify(SSL.VERIFY_PEER, callback), "verify", True)
    install(client.set_info_callback, "info", None)
    install(client.set_keylog_callback, "keylog", None)
    install(server.set_tlsext_servername_callback, "name", None)
    install(server.set_alpn_select_callback, "protocol", b"h2")
    for _ in range(5):
        pair = memory_pair(client, server)
        pair.client.set_tlsext_host_name(b"localhost")
        pair.handshake()
        assert pair.client.get_alpn_proto_negotiated() == b"h2"
    gc.collect()
    assert {"verify", "info", "keylog", "name", "protocol"} == set(died)


def replacing(replaced: SSL.Context, by: SSL.Context, place: str) -> list[SSL.Error | None]:
    """Let the first callback of a kind replace the context; returns what its attempts met, once there are some."""
    met: list[SSL.Error | None] = []

    def replace(connection: SSL.Connection) -> None:
        error = None
        try:
            connection.set_context(by)
        except SSL.Error as raised:
            error = raised
        met.append(error)

    def protocol(connection: SSL.Connection, offered: list[bytes]) -> bytes:
        replace(connection)
        return offered[0]

    def staple(connection: SSL.Connection, data: object) -> bytes:
        replace(connection)
        return b""

    {
        "name": lambda: replaced.set_tlsext_servername_callback(replace),
        "protocol": lambda: replaced.set_alpn_select_callback(protocol),
        "ocsp": lambda: replaced.set_ocsp_server_callback(staple),
        "keylog": lambda: replaced.set_keylog_callback(lambda connection, line: replace(connection)),
        "info": lambda: replaced.set_info_callback(lambda connection, where, value: replace(connection)),
    }[place]()
    return met


@pytest.mark.parametrize("place", ["name", "protocol", "ocsp", "keylog", "info"])
@pytest.mark.parametrize("version", VERSIONS)
def test_context_replaced_by_a_server_in_a_callback(ec: Authority, stranger: Authority, version: str, place: str):
    """OpenSSL frees the certificates of the old one. So it comes too late once one of them has been chosen."""
    server, other = server_context(ec, version), server_context(stranger, version)
    met = replacing(server, other, place)
    client = client_context(ec, version)
    client.set_verify(SSL.VERIFY_NONE)
    client.set_alpn_protos([b"h2"])
    pair = memory_pair(client, server)
    pair.client.set_tlsext_host_name(b"localhost")
    pair.client.request_ocsp()
    pair.handshake()
    in_time = place == "name" or (place, version) == ("protocol", "TLSv1.3")
    assert met
    assert all((error is None) == in_time for error in met)
    assert all("too late" in str(error) for error in met if error is not None)
    shown = pair.client.get_peer_certificate().digest("sha256")
    assert shown == (stranger if in_time else ec).server.x509.digest("sha256")
    assert pair.server.get_context() is (other if in_time else server)


@pytest.mark.parametrize("version", VERSIONS)
def test_context_replaced_by_a_client_in_a_callback(ec: Authority, stranger: Authority, version: str):
    server, client, other = requiring(ec), client_context(ec, version), client_context(stranger, version)
    identify(client, ec, ec.client)
    identify(other, stranger, stranger.client)
    met = replacing(client, other, "info")
    pair = memory_pair(client, server)
    pair.handshake()
    assert met
    assert all("too late" in str(error) for error in met)
    assert pair.server.get_peer_certificate().digest("sha256") == ec.client.x509.digest("sha256")


@pytest.mark.parametrize("version", VERSIONS)
def test_context_replaced_between_the_messages_of_a_handshake(ec: Authority, stranger: Authority, version: str):
    server, other = server_context(ec, version), server_context(stranger, version)
    pair = memory_pair(client_context(ec, version), server)
    # Nothing has been chosen yet.
    for context in (other, server):
        with pytest.raises(SSL.WantReadError):
            pair.server.do_handshake()
        pair.server.set_context(context)
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    carry(pair.client, pair.server)
    with pytest.raises(SSL.WantReadError):
        pair.server.do_handshake()
    with pytest.raises(SSL.Error, match="too late"):
        pair.server.set_context(other)
    assert pair.server.get_context() is server
    pair.handshake()
    pair.server.set_context(other)
    assert pair.server.get_context() is other


def test_context_replaced_by_a_client_before_it_shows_its_certificate(ec: Authority, stranger: Authority):
    """With TLS 1.2 it chooses when it is asked for one, and reads on."""
    server, client, other = requiring(ec), client_context(ec, "TLSv1.2"), client_context(stranger, "TLSv1.2")
    identify(client, ec, ec.client)
    identify(other, stranger, stranger.client)
    pair = memory_pair(client, server)
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    carry(pair.client, pair.server)
    with pytest.raises(SSL.WantReadError):
        pair.server.do_handshake()
    flight = pair.server.bio_read(65536)
    # All but the last message, ServerHelloDone.
    pair.client.bio_write(flight[:-9])
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    with pytest.raises(SSL.Error, match="too late"):
        pair.client.set_context(other)
    pair.client.bio_write(flight[-9:])
    pair.handshake()
    assert pair.server.get_peer_certificate().digest("sha256") == ec.client.x509.digest("sha256")


@pytest.mark.parametrize("version", VERSIONS)
def test_callback_replaced_during_a_handshake_by_another_thread(ec: Authority, version: str):
    """Whatever is set at the moment is asked, as a whole: it is one of those that refuse, each with its own error."""
    client, server = client_context(ec, version), server_context(ec, version)
    ended = threading.Event()

    def replace() -> None:
        number = 0
        while not ended.is_set():
            number += 1

            def callback(*arguments, number=number):
                raise LookupError(number)

            client.set_verify(SSL.VERIFY_PEER, callback)

    def first(*arguments: object) -> bool:
        raise LookupError(0)

    client.set_verify(SSL.VERIFY_PEER, first)
    thread = threading.Thread(target=replace)
    thread.start()
    try:
        for _ in range(100):
            errors = handshake_errors(memory_pair(client, server))
            assert type(errors["client"]) is LookupError
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("version", VERSIONS)
def test_object_collected_during_a_handshake(ec: Authority, version: str):
    """The contexts are gone before the first byte; what the callbacks need of them is not."""
    contexts = [client_context(ec, version), server_context(ec, version)]
    asked: list[int] = []
    contexts[0].set_verify(SSL.VERIFY_PEER, lambda *arguments: asked.append(gc.collect()) or arguments[4])
    pair = memory_pair(*contexts)
    gone = [weakref.ref(context) for context in contexts]
    contexts.clear()
    gc.collect()
    pair.handshake()
    assert len(asked) == 3
    pair.server.send(b"still here")
    carry(pair.server, pair.client)
    assert pair.client.recv(100) == b"still here"
    del pair
    gc.collect()
    assert [reference() for reference in gone] == [None, None]


ALPN = bytes.fromhex("0010 0007 0005 02 6832 01 78")


def test_alpn_with_empty_lists(ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    for target in (context, SSL.Connection(context)):
        for protocols in ([], [b""], [b"h2", b""], (), iter(())):
            with pytest.raises(ValueError, match="protocol"):
                target.set_alpn_protos(protocols)
    server = server_context(ec)
    client = client_context(ec)
    client.set_alpn_protos([b"h2"])
    server.set_alpn_select_callback(lambda connection, names: b"")
    assert set(handshake_errors(memory_pair(client, server))) == {"client", "server"}


@pytest.mark.parametrize(
    "forged",
    [
        "0010 0007 0000 02 6832 01 78",
        "0010 0007 0005 00 6832 01 78",
        "0010 0007 0005 03 6832 00 78",
        "0010 0007 0005 02 6832 02 78",
        "0010 0007 0005 ff 6832 01 78",
        "0010 0007 0006 02 6832 01 78",
        "0010 0007 ffff 02 6832 01 78",
        "0010 0007 0003 02 6832 01 78",
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_alpn_with_empty_lists_from_the_wire(ec: Authority, version: str, forged: str):
    """A client that offers no protocol, one without a name, or one that ends after the message: nobody is asked."""
    asked: list[list[bytes]] = []
    client, server = client_context(ec, version), server_context(ec, version)
    client.set_alpn_protos([b"h2", b"x"])
    server.set_alpn_select_callback(lambda connection, names: asked.append(names) or names[0])
    pair = memory_pair(client, server)
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    hello = pair.client.bio_read(65536)
    assert hello.count(ALPN) == 1
    pair.server.bio_write(hello.replace(ALPN, bytes.fromhex(forged)))
    with pytest.raises(SSL.Error) as caught:
        pair.server.do_handshake()
    assert type(caught.value) is SSL.Error
    assert asked == []
    with contextlib.suppress(SSL.Error):
        pair.client.bio_write(pair.server.bio_read(65536))
    with pytest.raises(SSL.Error):
        pair.client.do_handshake()
