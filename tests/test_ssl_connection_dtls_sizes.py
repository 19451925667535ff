"""Connection: how large the datagrams of DTLS in memory are."""

import contextlib
import itertools
from collections.abc import Callable

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.datagrams import Link, datagram_pair, dtls, dtls_contexts
from tests.support.pairs import Pair


def step(source: SSL.Connection, target: SSL.Connection, size: int) -> int:
    """Go on with the handshake, and carry what one call gives, as aiortc does; the number of bytes."""
    with contextlib.suppress(SSL.WantReadError):
        source.do_handshake()
    try:
        datagram = source.bio_read(size)
    except SSL.WantReadError:
        return 0
    assert len(datagram) <= size
    target.bio_write(datagram)
    return len(datagram)


def test_bio_read_gives_a_flight_of_the_handshake_at_once(ec: Authority):
    """Upstream gives all that there is, and programs call it once before they wait for an answer."""
    pair = datagram_pair(*dtls_contexts(ec), mtu=None)
    steps = [step(*sides, 4096) for _ in range(3) for sides in ((pair.client, pair.server), (pair.server, pair.client))]
    assert steps[1] > 1024
    assert pair.client.get_state_string() == pair.server.get_state_string() == b"SSL negotiation finished successfully"


def test_bio_read_joins_no_more_than_openssl_reads(ec: Authority):
    """It reads a datagram into a buffer for one record."""
    client, server = dtls_contexts(ec)
    for _ in range(40):
        server.add_extra_chain_cert(ec.intermediate.x509)
    link = Link(datagram_pair(client, server, mtu=None))
    # Nothing has to be repeated.
    assert link.advance()
    assert 15_000 < max(len(datagram) for datagram in link.carried) <= 16_384


@pytest.mark.parametrize("cut", [34, 100])
def test_the_rest_of_a_datagram_is_not_joined(ec: Authority, cut: int):
    pair = datagram_pair(*dtls_contexts(ec), mtu=None)
    step(pair.client, pair.server, 4096)
    with pytest.raises(SSL.WantReadError):
        pair.server.do_handshake()
    assert len(pair.server.bio_read(cut)) == cut
    assert len(pair.server.bio_read(65536)) < 256


@pytest.mark.parametrize("size", [500, 1100])
def test_bio_read_joins_whole_datagrams_only(ec: Authority, size: int):
    pair, single = (datagram_pair(*dtls_contexts(ec), mtu=mtu) for mtu in (None, 256))
    lengths: list[list[int]] = []
    for one in (pair, single):
        step(one.client, one.server, 4096)
        with pytest.raises(SSL.WantReadError):
            one.server.do_handshake()
        lengths.append([])
        with contextlib.suppress(SSL.WantReadError):
            while True:
                lengths[-1].append(len(one.server.bio_read(size)))
    joined, alone = lengths
    assert max(alone) <= 256
    assert len(joined) < len(alone)
    assert max(joined) <= size
    # Where one ends, a datagram ends; the last one depends on the length of the signature.
    ends = list(itertools.accumulate(joined))
    assert ends[:-1]
    assert set(ends[:-1]) <= set(itertools.accumulate(alone))


def sized(authority: Authority, mtu: int | None, when: str = "before") -> list[int]:
    """Complete a handshake with this size; the sizes of its datagrams."""
    client, server = dtls_contexts(authority)
    # A flight of some 8 kB.
    for _ in range(12):
        server.add_extra_chain_cert(authority.intermediate.x509)
    pair = Pair(SSL.Connection(client, None), SSL.Connection(server, None), "datagrams")
    steps: list[Callable[[], object]] = [pair.client.set_connect_state, pair.server.set_accept_state]
    if mtu is not None:
        setting = [lambda: [connection.set_ciphertext_mtu(mtu) for connection in (pair.client, pair.server)]]
        steps = [*setting, *steps] if when == "before" else [*steps, *setting]
    for step in steps:
        step()
    link = Link(pair)
    # Nothing has to be repeated.
    assert link.advance()
    return [len(datagram) for datagram in link.carried]


# OpenSSL 3.0 and 3.1 forget what encryption adds to the last message of a flight: 24 bytes with AES-GCM.
FORGOTTEN = 24 if SSL.OPENSSL_VERSION_NUMBER < 0x30200000 else 0


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("mtu", [208, 230, 256, 300, 576, 1200, 1472, 4096, 9000, 65_507, 1 << 40])
def test_the_size_of_datagrams(ec: Authority, mtu: int, when: str):
    # Upstream forgets the size when the handshake begins, unless OP_NO_QUERY_MTU is set. OpenSSL itself makes records
    # that no datagram holds whole where they may be larger than its buffer of 4096 bytes.
    sizes = sized(ec, mtu, when)
    assert max(sizes) <= min(mtu, 4096) + FORGOTTEN
    assert max(sizes) > min(mtu, 4096) * 0.9


def test_the_size_of_datagrams_in_memory_when_none_is_set(ec: Authority):
    """Then it is that of what is asked for."""
    assert len(sized(ec, None)) == 4


@pytest.mark.parametrize("mtu", [207, 100, 0, -1])
def test_sizes_that_are_too_small(ec: Authority, mtu: int):
    connection = SSL.Connection(dtls(), None)
    with pytest.raises(ValueError, match=r"."):
        connection.set_ciphertext_mtu(mtu)


@pytest.mark.parametrize("mtu", [None, "1200", 1200.0])
def test_sizes_of_other_types(mtu: object):
    with pytest.raises(TypeError, match=r"."):
        SSL.Connection(dtls(), None).set_ciphertext_mtu(mtu)
