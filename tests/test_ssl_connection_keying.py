"""Connection: randoms, the secret, the Finished messages, and keys derived for other purposes."""

import array
from collections.abc import Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.pairs import Pair, carry, connected, memory_pair

LABEL = b"EXPERIMENTAL ironssl"


@pytest.fixture
def pair(ec: Authority, version: str) -> Iterator[Pair]:
    """Give a connected pair of each version."""
    with connected(client_context(ec, version), server_context(ec, version), "memory") as pair:
        yield pair


@pytest.mark.parametrize("role", ["client", "server"])
def test_before_the_handshake_there_is_nothing(ec: Authority, version: str, role: str):
    # C169
    pair = memory_pair(client_context(ec, version), server_context(ec, version))
    connection = getattr(pair, role)
    assert connection.client_random() is None
    assert connection.server_random() is None
    assert connection.master_key() is None
    assert connection.get_finished() is None
    assert connection.get_peer_finished() is None
    assert connection.get_selected_srtp_profile() == b""


def test_after_the_client_hello_its_random_is_known(ec: Authority, version: str):
    # Upstream answers zeros for the other random here, and an empty Error for the key.
    pair = memory_pair(client_context(ec, version), server_context(ec, version))
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    hello = pair.client.bio_read(65536)
    # A record's header, a message's header, the version, the random (RFC 5246, 7.4.1.2).
    assert pair.client.client_random() == hello[11:43]
    assert pair.client.server_random() is None
    assert pair.client.master_key() is None


def test_a_session_to_resume_is_no_hello(ec: Authority, version: str):
    client = client_context(ec, version)
    with connected(client, server_context(ec, version), "memory") as pair:
        pair.server.send(b"after the tickets")
        pair.move()
        pair.client.recv(100)
        session = pair.client.get_session()
    connection = SSL.Connection(client, None)
    connection.set_session(session)
    assert connection.client_random() is None
    assert connection.server_random() is None


def test_both_sides_have_the_same_randoms(pair: Pair):
    for name in ("client_random", "server_random"):
        value = getattr(pair.client, name)()
        assert type(value) is bytes
        assert len(value) == 32
        assert value == getattr(pair.server, name)()
    assert pair.client.client_random() != pair.client.server_random()


def test_no_two_connections_have_the_same_randoms(ec: Authority, version: str):
    client, server = client_context(ec, version), server_context(ec, version)
    seen = set()
    for _ in range(3):
        with connected(client, server, "memory") as pair:
            seen |= {pair.client.client_random(), pair.client.server_random()}
    assert len(seen) == 6


def test_both_sides_have_the_same_master_secret(ec: Authority):
    with connected(client_context(ec, "TLSv1.2"), server_context(ec, "TLSv1.2"), "memory") as pair:
        assert type(pair.client.master_key()) is bytes
        assert len(pair.client.master_key()) == 48
        assert pair.client.master_key() == pair.server.master_key()


def test_the_secret_of_a_session_in_tls_1_3(ec: Authority):
    with connected(client_context(ec, "TLSv1.3"), server_context(ec, "TLSv1.3"), "memory") as pair:
        # It comes with the server's ticket.
        assert pair.client.master_key() is None
        pair.server.send(b"after the tickets")
        pair.move()
        pair.client.recv(100)
        # SHA-256 or SHA-384.
        assert len(pair.client.master_key()) in {32, 48}


def test_finished_messages(pair: Pair, version: str):
    # What one has sent, the other has received; 12 bytes until TLS 1.3, then a hash.
    for one, other in ((pair.client, pair.server), (pair.server, pair.client)):
        assert type(one.get_finished()) is bytes
        assert one.get_finished() == other.get_peer_finished()
        assert len(one.get_finished()) == 12 if version == "TLSv1.2" else len(one.get_finished()) in {32, 48}
    assert pair.client.get_finished() != pair.client.get_peer_finished()


def test_keying_material_is_the_same_on_both_sides(pair: Pair):
    # C179
    material = pair.client.export_keying_material(LABEL, 40)
    assert type(material) is bytes
    assert len(material) == 40
    assert material == pair.server.export_keying_material(LABEL, 40)
    assert material == pair.client.export_keying_material(LABEL, 40)


def test_keying_material_depends_on_label_and_context(pair: Pair):
    made = {
        pair.client.export_keying_material(label, 32, context)
        for label in (LABEL, LABEL + b"2", b"")
        for context in (b"", b"one", b"other")
    }
    assert len(made) == 9
    assert pair.client.export_keying_material(LABEL, 32, b"one") == pair.server.export_keying_material(
        LABEL, 32, context=bytearray(b"one")
    )


def test_no_context_is_another_than_an_empty_one(pair: Pair, version: str):
    # RFC 5705, 4. In TLS 1.3 there is no such difference (RFC 8446, 7.5).
    without, empty = (pair.client.export_keying_material(LABEL, 32, context) for context in (None, b""))
    assert (without == empty) == (version == "TLSv1.3")
    assert without == pair.client.export_keying_material(LABEL, 32)
    assert empty == pair.server.export_keying_material(LABEL, 32, b"")


def test_keying_material_takes_any_buffer(pair: Pair):
    expected = pair.client.export_keying_material(LABEL, 16, b"\x01\x02")
    for label, context in (
        (bytearray(LABEL), memoryview(b"\x01\x02")),
        (memoryview(LABEL), array.array("B", [1, 2])),
    ):
        assert pair.client.export_keying_material(label, 16, context) == expected


def test_keying_material_of_unusual_labels_and_lengths(pair: Pair):
    assert len(pair.client.export_keying_material(b"a\0b", 1)) == 1
    assert pair.client.export_keying_material(b"a\0b", 8) != pair.client.export_keying_material(b"a", 8)
    # The first bytes of more are those of fewer until TLS 1.3, where the length itself goes in.
    assert len(pair.client.export_keying_material(LABEL, 5000)) == 5000


def test_more_keying_material_than_can_be_made(pair: Pair, version: str):
    if version == "TLSv1.3":
        # 255 hashes (RFC 5869, 2.3).
        with pytest.raises(SSL.Error, match=r"."):
            pair.client.export_keying_material(LABEL, 255 * 48 + 1)
    else:
        assert len(pair.client.export_keying_material(LABEL, 1 << 20)) == 1 << 20
    for length in (0, -1, (1 << 20) + 1, 1 << 62):
        with pytest.raises(ValueError, match=r"."):
            pair.client.export_keying_material(LABEL, length)
    with pytest.raises(OverflowError):
        pair.client.export_keying_material(LABEL, 1 << 70)


@pytest.mark.parametrize("arguments", [("text", 8), (None, 8), (LABEL, "8"), (LABEL, 8.0), (LABEL, 8, "text")])
def test_keying_material_of_other_types(ec: Authority, arguments: tuple[object, ...]):
    with connected(client_context(ec), server_context(ec), "memory") as pair, pytest.raises(TypeError, match=r"."):
        pair.client.export_keying_material(*arguments)


def test_no_keying_material_before_the_handshake(ec: Authority, version: str):
    # Upstream's Error is empty.
    pair = memory_pair(client_context(ec, version), server_context(ec, version))
    with pytest.raises(SSL.Error) as caught:
        pair.client.export_keying_material(LABEL, 32)
    assert caught.value.args[0][0][2] == "no keying material before the handshake is done"
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    carry(pair.client, pair.server)
    with pytest.raises(SSL.WantReadError):
        pair.server.do_handshake()
    carry(pair.server, pair.client)
    if version == "TLSv1.2":
        with pytest.raises(SSL.WantReadError):
            pair.client.do_handshake()
    # In TLS 1.2 there is a session by now, on one side with a secret, and OpenSSL would derive keys from it.
    with pytest.raises(SSL.Error, match=r"."):
        pair.client.export_keying_material(LABEL, 32)
