"""Application protocols (ALPN): what clients offer and servers choose."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.failing import handshake_errors
from tests.support.pairs import Pair, memory_pair


def offering(ec: Authority, callback, version: str, offered=(b"h2", b"http/1.1")) -> Pair:
    """Join a client that offers protocols with a server that chooses with `callback`."""
    client, server = client_context(ec, version), server_context(ec, version)
    client.set_alpn_protos(list(offered))
    server.set_alpn_select_callback(callback)
    return memory_pair(client, server)


@pytest.mark.parametrize("index", [0, 1])
def test_the_server_chooses(ec: Authority, version: str, index: int):
    calls = []

    def choose(connection, offered):
        calls.append((connection, list(offered)))
        return offered[index]

    pair = offering(ec, choose, version)
    assert pair.client.get_alpn_proto_negotiated() == b""
    pair.handshake()
    assert calls == [(pair.server, [b"h2", b"http/1.1"])]
    assert pair.client.get_alpn_proto_negotiated() == [b"h2", b"http/1.1"][index]
    assert pair.server.get_alpn_proto_negotiated() == [b"h2", b"http/1.1"][index]


def test_protocols_of_one_connection(ec: Authority, version: str):
    server = server_context(ec, version)
    server.set_alpn_select_callback(lambda connection, offered: offered[-1])
    pair = memory_pair(client_context(ec, version), server)
    pair.client.set_alpn_protos([b"a", b"b" * 255])
    pair.handshake()
    assert pair.client.get_alpn_proto_negotiated() == b"b" * 255


def test_no_overlap(ec: Authority, version: str):
    pair = offering(ec, lambda connection, offered: SSL.NO_OVERLAPPING_PROTOCOLS, version)
    pair.handshake()
    assert pair.client.get_alpn_proto_negotiated() == b""
    assert pair.server.get_alpn_proto_negotiated() == b""


def test_a_server_that_does_not_choose(ec: Authority, version: str):
    pair = memory_pair(client_context(ec, version), server_context(ec, version))
    pair.client.set_alpn_protos([b"h2"])
    pair.handshake()
    assert pair.client.get_alpn_proto_negotiated() == b""


@pytest.mark.parametrize("choice", [b"spdy/2", b"", b"h", b"h2\x00", b"H2", b"x" * 256, b"x" * 100_000])
def test_a_choice_that_was_not_offered(ec: Authority, version: str, choice: bytes):
    errors = handshake_errors(offering(ec, lambda connection, offered: choice, version))
    assert type(errors["server"]) is SSL.Error
    assert "not offered" in str(errors["server"])
    assert type(errors["client"]) is SSL.Error


@pytest.mark.parametrize("choice", ["h2", None, 0, [b"h2"], bytearray(b"h2"), object()])
def test_a_choice_of_another_type(ec: Authority, version: str, choice: object):
    errors = handshake_errors(offering(ec, lambda connection, offered: choice, version))
    assert type(errors["server"]) is TypeError
    assert type(errors["client"]) is SSL.Error


@pytest.mark.parametrize("error", [LookupError("mine"), KeyboardInterrupt(), SystemExit(), asyncio.CancelledError()])
def test_an_exception_comes_out(ec: Authority, version: str, error: BaseException):
    def choose(connection, offered):
        raise error

    errors = handshake_errors(offering(ec, choose, version))
    assert errors["server"] is error
    assert type(errors["client"]) is SSL.Error


@pytest.mark.parametrize("on", ["context", "connection"])
@pytest.mark.parametrize("protos", [[], [b""], [b"h2", b""], [b"x" * 256], [b"x" * 255] * 256])
def test_malformed_lists(on: str, protos: list[bytes]):
    context = SSL.Context(SSL.TLS_METHOD)
    target = context if on == "context" else SSL.Connection(context)
    with pytest.raises(ValueError, match="protocol"):
        target.set_alpn_protos(protos)


@pytest.mark.parametrize("protos", [None, b"h2", "h2", ["h2"], [1], 3])
def test_lists_of_other_types(protos: object):
    context = SSL.Context(SSL.TLS_METHOD)
    for target in (context, SSL.Connection(context)):
        with pytest.raises(TypeError):
            target.set_alpn_protos(protos)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_will_do(ec: Authority, kind: type):
    server = server_context(ec)
    server.set_alpn_select_callback(lambda connection, offered: offered[-1])
    pair = memory_pair(client_context(ec), server)
    pair.client.set_alpn_protos([b"h2", kind(b"http/1.1")])
    pair.handshake()
    assert pair.client.get_alpn_proto_negotiated() == b"http/1.1"


def test_any_iterable_will_do(ec: Authority):
    client = client_context(ec)
    client.set_alpn_protos(name for name in (b"h2", b"h3"))
    server = server_context(ec)
    server.set_alpn_select_callback(lambda connection, offered: offered[1])
    pair = memory_pair(client, server)
    pair.handshake()
    assert pair.client.get_alpn_proto_negotiated() == b"h3"


@given(offered=st.lists(st.binary(min_size=1, max_size=255), min_size=1, max_size=20), data=st.data())
def test_every_offer_arrives_whole(ec: Authority, offered: list[bytes], data: st.DataObject):
    choice = data.draw(st.sampled_from(offered))
    seen = []
    pair = offering(ec, lambda connection, protos: seen.append(protos) or choice, "TLSv1.3", offered)
    pair.handshake()
    assert seen == [offered]
    assert pair.client.get_alpn_proto_negotiated() == choice


def test_the_sentinel():
    assert repr(SSL.NO_OVERLAPPING_PROTOCOLS) == "NO_OVERLAPPING_PROTOCOLS"
    assert type(SSL.NO_OVERLAPPING_PROTOCOLS) is SSL._NoOverlappingProtocols
