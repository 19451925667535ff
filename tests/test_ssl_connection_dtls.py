"""Connection: DTLS in memory, over links that carry, lose, double and disorder datagrams."""

import contextlib
import os
import random
import socket
import time
from collections.abc import Callable

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, identify, server_context, trust, watch_verification
from tests.support.datagrams import (
    DTLS_VERSIONS,
    ROOMY,
    Link,
    complete,
    datagram_pair,
    datagrams,
    dtls,
    dtls_contexts,
)
from tests.support.pairs import Pair

HEADER = 13  # of a record (RFC 6347, 4.1)


@pytest.fixture(params=DTLS_VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Give each version of DTLS."""
    return request.param


def joined(authority: Authority, version: str | None = None) -> Pair:
    """Complete a handshake."""
    pair = datagram_pair(*dtls_contexts(authority, version))
    complete([Link(pair)])
    return pair


@pytest.fixture
def pair(ec: Authority, version: str) -> Pair:
    """Give a connected pair of each version."""
    return joined(ec, version)


def carry(source: SSL.Connection, target: SSL.Connection) -> int:
    """Carry what waits one way; returns the number of datagrams."""
    taken = datagrams(source)
    for datagram in taken:
        target.bio_write(datagram)
    return len(taken)


def test_a_handshake_and_messages_both_ways(pair: Pair, version: str):
    # C177
    for one, other in ((pair.client, pair.server), (pair.server, pair.client)):
        assert one.get_protocol_version_name() == version
        assert one.get_protocol_version() == DTLS_VERSIONS[version]
        assert one.send(b"hello") == 5
        carry(one, other)
        assert other.recv(100) == b"hello"
    assert pair.client.get_peer_certificate() is not None


@pytest.mark.parametrize("methods", [(SSL.DTLS_CLIENT_METHOD, SSL.DTLS_SERVER_METHOD)])
def test_methods_of_one_side(ec: Authority, methods: tuple[int, int]):
    client, server = (SSL.Context(method) for method in methods)
    trust(client, ec)
    identify(server, ec, ec.server)
    pair = datagram_pair(client, server)
    complete([Link(pair)])
    assert pair.client.get_protocol_version_name() == "DTLSv1.2"


def test_each_message_is_a_datagram(pair: Pair):
    messages = [b"one", b"two", b"", b"three", bytes(1000)]
    for message in messages:
        assert pair.client.send(message) == len(message)
    sent = datagrams(pair.client)
    # Nothing is sent for an empty message.
    assert len(sent) == 4
    for datagram in sent:
        pair.server.bio_write(datagram)
    assert [pair.server.recv(ROOMY) for _ in sent] == [message for message in messages if message]
    with pytest.raises(SSL.WantReadError):
        pair.server.recv(ROOMY)


def test_sendall_sends_one_message(pair: Pair):
    assert pair.client.sendall(b"all of it") == 9
    assert carry(pair.client, pair.server) == 1
    assert pair.server.recv(100) == b"all of it"


def test_a_message_may_be_received_in_parts(pair: Pair):
    pair.client.send(b"abcdef")
    pair.client.send(b"next")
    carry(pair.client, pair.server)
    assert pair.server.recv(4, socket.MSG_PEEK) == b"abcd"
    assert [pair.server.recv(4) for _ in range(3)] == [b"abcd", b"ef", b"next"]


def test_full_messages_are_not_joined(pair: Pair):
    for letter in (b"a", b"b"):
        assert pair.client.send(letter * 16_384) == 16_384
    carry(pair.client, pair.server)
    assert pair.server.recv(ROOMY) == b"a" * 16_384
    assert pair.server.recv(ROOMY) == b"b" * 16_384


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_message_that_is_too_long(pair: Pair, kind: Callable[[bytes], bytes]):
    for send in (pair.client.send, pair.client.sendall):
        for size in (16_385, 100_000):
            with pytest.raises(SSL.Error) as caught:
                send(kind(bytes(size)))
            assert caught.value.args[0][0][2] == "dtls message too big"
    # Nothing of it was sent, and the connection goes on.
    assert datagrams(pair.client) == []
    pair.client.send(b"short")
    carry(pair.client, pair.server)
    assert pair.server.recv(100) == b"short"


def test_bio_read_gives_one_datagram(pair: Pair):
    pair.client.send(b"one")
    pair.client.send(b"other")
    first, second = pair.client.bio_read(ROOMY), pair.client.bio_read(ROOMY)
    assert first[:1] == second[:1] == b"\x17"
    assert len(second) >= len(first) > HEADER
    with pytest.raises(SSL.WantReadError):
        pair.client.bio_read(ROOMY)
    for datagram in (first, second):
        assert pair.server.bio_write(datagram) == len(datagram)
    assert [pair.server.recv(100), pair.server.recv(100)] == [b"one", b"other"]


def test_bio_read_loses_nothing_of_a_datagram(pair: Pair):
    pair.client.send(b"one")
    pair.client.send(b"other")
    parts = [pair.client.bio_read(10)]
    while len(parts[-1]) == 10:
        parts.append(pair.client.bio_read(10))
    pair.server.bio_write(b"".join(parts))
    assert pair.server.recv(100) == b"one"
    carry(pair.client, pair.server)
    assert pair.server.recv(100) == b"other"


def test_several_records_in_a_datagram(pair: Pair):
    pair.client.send(b"one")
    pair.client.send(b"other")
    pair.server.bio_write(b"".join(datagrams(pair.client)))
    assert [pair.server.recv(100), pair.server.recv(100)] == [b"one", b"other"]


def test_a_clean_end(pair: Pair):
    pair.client.send(b"the last")
    assert pair.client.shutdown() is False
    carry(pair.client, pair.server)
    assert pair.server.recv(100) == b"the last"
    with pytest.raises(SSL.ZeroReturnError):
        pair.server.recv(100)
    pair.server.shutdown()
    carry(pair.server, pair.client)
    assert pair.client.shutdown() is True


def test_a_lost_message_is_lost_and_a_repeated_one_dropped(pair: Pair):
    for message in (b"one", b"two", b"three"):
        pair.client.send(message)
    one, _, three = datagrams(pair.client)
    # Out of order, and twice (RFC 6347, 4.1.2.6).
    for datagram in (three, one, three, one):
        pair.server.bio_write(datagram)
    assert [pair.server.recv(100), pair.server.recv(100)] == [b"three", b"one"]
    with pytest.raises(SSL.WantReadError):
        pair.server.recv(100)


def test_datagrams_that_are_none_of_ours(ec: Authority):
    # (With the block ciphers of DTLS 1.0 OpenSSL takes a record with a wrong MAC for the end of the connection.)
    pair = joined(ec)
    pair.client.send(b"genuine")
    (genuine,) = datagrams(pair.client)
    forged = bytearray(genuine)
    forged[-1] ^= 1
    for datagram in (b"\0", b"x" * 300, os.urandom(2000), genuine[:-1], genuine[:HEADER], bytes(forged), genuine):
        pair.server.bio_write(datagram)
    assert pair.server.recv(100) == b"genuine"


def test_nonsense_in_a_handshake(ec: Authority):
    noise = random.Random(7)
    link = Link(datagram_pair(*dtls_contexts(ec)), lambda number, datagram: [noise.randbytes(60), datagram])
    complete([link])
    assert link.timers() == []


def test_every_datagram_comes_twice(ec: Authority, version: str):
    link = Link(datagram_pair(*dtls_contexts(ec, version)), lambda number, datagram: [datagram, datagram])
    assert link.advance()


def test_datagrams_overtake_each_other(ec: Authority, version: str):
    # Each one arrives after the next, as far as one is on its way.
    pair = datagram_pair(*dtls_contexts(ec, version))
    for _ in range(20):
        for one in (pair.client, pair.server):
            with contextlib.suppress(SSL.WantReadError):
                one.do_handshake()
        for one, other in ((pair.client, pair.server), (pair.server, pair.client)):
            for datagram in reversed(datagrams(one)):
                other.bio_write(datagram)
    pair.client.do_handshake()
    pair.server.do_handshake()


def count(authority: Authority, version: str | None = None) -> int:
    """Count the datagrams of a handshake."""
    link = Link(datagram_pair(*dtls_contexts(authority, version)))
    complete([link])
    return len(link.carried)


def losing(lost: set[int]) -> Callable[[int, bytes], list[bytes]]:
    return lambda number, datagram: [] if number in lost else [datagram]


def test_any_one_datagram_may_be_lost(ec: Authority, version: str):
    total = count(ec, version)
    assert total > 8
    contexts = dtls_contexts(ec, version)
    links = [Link(datagram_pair(*contexts), losing({number})) for number in range(total)]
    began = time.monotonic()
    complete(links)
    assert 0.9 < time.monotonic() - began < 20
    for link in links:
        assert len(link.carried) > total
        link.pair.client.send(b"through")
        carry(link.pair.client, link.pair.server)
        assert link.pair.server.recv(100) == b"through"


def test_a_link_that_loses_many(ec: Authority):
    contexts = dtls_contexts(ec)

    def rule(seed: int) -> Callable[[int, bytes], list[bytes]]:
        fate = random.Random(seed)
        return lambda number, datagram: fate.choice([[], *[[datagram]] * 6, [datagram, datagram]])

    links = [Link(datagram_pair(*contexts), rule(seed)) for seed in range(16)]
    complete(links)
    assert sum(len(link.carried) for link in links) > 16 * count(ec)


def test_the_timer(ec: Authority):
    pair = datagram_pair(*dtls_contexts(ec))
    for connection in (pair.client, pair.server):
        assert connection.DTLSv1_get_timeout() is None
        assert connection.DTLSv1_handle_timeout() is False
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    (hello,) = datagrams(pair.client)
    left = pair.client.DTLSv1_get_timeout()
    assert type(left) is float
    assert 0.5 < left <= 1
    assert pair.client.DTLSv1_handle_timeout() is False
    assert datagrams(pair.client) == []
    time.sleep(left)
    assert pair.client.DTLSv1_get_timeout() == 0.0
    assert pair.client.DTLSv1_handle_timeout() is True
    (again,) = datagrams(pair.client)
    # The same message in another record.
    assert (again[HEADER:], again[:HEADER] != hello[:HEADER]) == (hello[HEADER:], True)
    # Now it waits for twice as long.
    assert 1.5 < pair.client.DTLSv1_get_timeout() <= 2
    pair.server.bio_write(again)
    with pytest.raises(SSL.WantReadError):
        pair.server.do_handshake()
    carry(pair.server, pair.client)
    complete([Link(pair)])
    for connection in (pair.client, pair.server):
        assert connection.DTLSv1_get_timeout() is None
        assert connection.DTLSv1_handle_timeout() is False


def test_the_handshake_looks_at_the_timer_too(ec: Authority):
    pair = datagram_pair(*dtls_contexts(ec))
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    datagrams(pair.client)
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    assert datagrams(pair.client) == []
    time.sleep(1)
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    assert len(datagrams(pair.client)) == 1


def test_without_datagrams_there_is_no_timer_and_no_size(ec: Authority):
    connection = SSL.Connection(client_context(ec), None)
    connection.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        connection.do_handshake()
    assert connection.DTLSv1_get_timeout() is None
    assert connection.DTLSv1_handle_timeout() is False
    for ask in (connection.get_cleartext_mtu, lambda: connection.set_ciphertext_mtu(1200)):
        with pytest.raises(SSL.Error) as caught:
            ask()
        assert "not a DTLS connection" in caught.value.args[0][0][2]


@pytest.mark.parametrize("mtu", [208, 1200, 9000])
def test_as_many_bytes_as_fit(pair: Pair, mtu: int):
    pair.client.set_ciphertext_mtu(mtu)
    room = pair.client.get_cleartext_mtu()
    assert mtu - 100 < room < mtu - HEADER
    pair.client.send(bytes(room))
    pair.client.send(bytes(room + 16))
    fits, does_not = datagrams(pair.client)
    assert len(fits) <= mtu < len(does_not)


def test_before_a_cipher_was_agreed_on_no_byte_fits(ec: Authority):
    pair = datagram_pair(*dtls_contexts(ec))
    pair.client.set_ciphertext_mtu(1200)
    assert pair.client.get_cleartext_mtu() == 0
    complete([Link(pair)])
    assert 1100 < pair.client.get_cleartext_mtu() < 1200
    assert pair.server.get_cleartext_mtu() < 256


def test_after_three_losses_datagrams_get_smaller(ec: Authority):
    # The server's first flight in large datagrams is lost: the fourth attempt comes in small ones (after 1 + 2 + 4 s).
    pair = datagram_pair(*dtls_contexts(ec))
    for connection in (pair.client, pair.server):
        connection.set_ciphertext_mtu(1400)
    link = Link(pair, lambda number, datagram: [] if len(datagram) > 600 else [datagram])
    # Where nobody has said how large they may be, nothing gets smaller: it is less than what every link takes.
    lost: list[bytes] = []
    unsized = Link(
        datagram_pair(*dtls_contexts(ec), mtu=None),
        lambda number, datagram: lost.append(datagram) or [] if len(datagram) > 600 and len(lost) < 3 else [datagram],
    )
    complete([link, unsized])
    assert [len(datagram) > 600 for datagram in unsized.carried].count(True) == 4
    assert sum(len(datagram) > 600 for datagram in link.carried) > 1
    assert pair.server.get_cleartext_mtu() < 548 < 600
    pair.server.set_ciphertext_mtu(1400)
    assert pair.server.get_cleartext_mtu() > 1300


def test_a_client_certificate(ec: Authority, version: str):
    client, server = dtls_contexts(ec, version)
    identify(client, ec, ec.client)
    trust(server, ec)
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    pair = datagram_pair(client, server)
    complete([Link(pair)])
    assert pair.server.get_peer_certificate().digest("sha256") == ec.client.x509.digest("sha256")


def test_a_server_that_is_not_trusted(ec: Authority, stranger: Authority):
    pair = datagram_pair(dtls_contexts(stranger)[0], dtls_contexts(ec)[1])
    link = Link(pair)
    with pytest.raises(SSL.Error) as caught:
        link.advance()
    assert caught.value.args[0][-1][2] == "certificate verify failed"
    link.move()
    with pytest.raises(SSL.Error, match=r"unknown ca"):
        pair.server.do_handshake()


def test_a_session_is_resumed(ec: Authority, version: str):
    client, server = dtls_contexts(ec, version)
    server.set_session_id(b"datagrams")
    looked_at = watch_verification(client)
    pair = datagram_pair(client, server)
    complete([Link(pair)])
    session = pair.client.get_session()
    looked_at.clear()
    again = datagram_pair(client, server)
    again.client.set_session(session)
    complete([Link(again)])
    assert looked_at == []
    assert again.client.session_reused() is True


def test_a_renegotiation(ec: Authority, version: str):
    pair = joined(ec, version)
    before = pair.client.client_random()
    assert pair.server.renegotiate() is True
    pair.server.do_handshake()
    assert pair.server.renegotiate_pending() is True
    for _ in range(4):
        for one, other in ((pair.server, pair.client), (pair.client, pair.server)):
            carry(one, other)
            with pytest.raises(SSL.WantReadError):
                other.recv(100)
    assert pair.server.renegotiate_pending() is False
    assert (pair.client.total_renegotiations(), pair.server.total_renegotiations()) == (1, 1)
    assert pair.client.client_random() != before
    pair.client.send(b"still here")
    carry(pair.client, pair.server)
    assert pair.server.recv(100) == b"still here"


@pytest.mark.parametrize(
    ("offered", "accepted", "agreed"),
    [
        (b"SRTP_AES128_CM_SHA1_80", b"SRTP_AES128_CM_SHA1_80", b"SRTP_AES128_CM_SHA1_80"),
        (
            b"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM",
            b"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80",
            b"SRTP_AEAD_AES_128_GCM",
        ),
        (b"SRTP_AES128_CM_SHA1_32", b"SRTP_AEAD_AES_256_GCM", b""),
        (None, b"SRTP_AEAD_AES_256_GCM", b""),
        (b"SRTP_AEAD_AES_256_GCM", None, b""),
    ],
)
def test_a_profile_of_srtp(ec: Authority, offered: bytes | None, accepted: bytes | None, agreed: bytes):
    # C180. The server's order counts.
    client, server = dtls_contexts(ec)
    for context, profiles in ((client, offered), (server, accepted)):
        if profiles is not None:
            context.set_tlsext_use_srtp(profiles)
    pair = datagram_pair(client, server)
    assert pair.client.get_selected_srtp_profile() == b""
    complete([Link(pair)])
    assert pair.client.get_selected_srtp_profile() == pair.server.get_selected_srtp_profile() == agreed
    # RFC 5764, 4.2: two keys and two salts.
    material = pair.client.export_keying_material(b"EXTRACTOR-dtls_srtp", 60)
    assert material == pair.server.export_keying_material(b"EXTRACTOR-dtls_srtp", 60)


def test_a_stream_does_not_understand_datagrams(ec: Authority):
    pair = Pair(SSL.Connection(dtls(), None), SSL.Connection(server_context(ec), None), "memory")
    pair.client.set_connect_state()
    pair.server.set_accept_state()
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    carry(pair.client, pair.server)
    with pytest.raises(SSL.Error, match=r"wrong version number"):
        pair.server.do_handshake()
