"""Rules: who is asked and raises has not agreed; what a callback returns is measured, not believed, and fits or fails.

Bug classes: callback exception fails open; callback output longer than its buffer; callback length trusted.
"""

from collections.abc import Callable

import pytest
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.failing import handshake_errors
from tests.support.pairs import Pair, memory_pair

LONGEST_PASSPHRASE = 1024
LONGEST_PROTOCOL = 255


class Refusal(BaseException):
    """What the callbacks of these tests raise: no Exception, which a server-name callback turns into a cause."""


def refuse(*arguments: object) -> object:
    raise Refusal


class Untruthful:
    """An answer of which nobody can tell whether it is yes."""

    def __bool__(self) -> bool:
        raise Refusal


class Liar(bytes):
    """Bytes that claim to be more than they are."""

    def __len__(self) -> int:
        return 1 << 40


def verify_client(pair: tuple[SSL.Context, SSL.Context], answer: Callable[..., object]) -> None:
    pair[0].set_verify(SSL.VERIFY_PEER, answer)


def verify_nobody(pair: tuple[SSL.Context, SSL.Context], answer: Callable[..., object]) -> None:
    # The library does not ask whether to go on: only whoever looks at this callback's exceptions can tell.
    pair[0].set_verify(SSL.VERIFY_NONE, answer)


def server_name(pair: tuple[SSL.Context, SSL.Context], answer: Callable[..., object]) -> None:
    pair[1].set_tlsext_servername_callback(answer)


def protocols(pair: tuple[SSL.Context, SSL.Context], answer: Callable[..., object]) -> None:
    pair[0].set_alpn_protos([b"h2"])
    pair[1].set_alpn_select_callback(answer)


def status_of_server(pair: tuple[SSL.Context, SSL.Context], answer: Callable[..., object]) -> None:
    pair[1].set_ocsp_server_callback(answer)


def status_for_client(pair: tuple[SSL.Context, SSL.Context], answer: Callable[..., object]) -> None:
    pair[1].set_ocsp_server_callback(lambda connection, data: b"status")
    pair[0].set_ocsp_client_callback(answer)


def joined(ec: Authority, version: str, install, answer: Callable[..., object]) -> Pair:
    """Join a client that asks for everything with a server, after one callback has been set."""
    contexts = client_context(ec, version), server_context(ec, version)
    install(contexts, answer)
    pair = memory_pair(*contexts)
    pair.client.set_tlsext_host_name(b"localhost")
    pair.client.request_ocsp()
    return pair


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "install", [verify_client, verify_nobody, server_name, protocols, status_of_server, status_for_client]
)
def test_callback_exception_fails_open(ec: Authority, version: str, install):
    pair = joined(ec, version, install, refuse)
    errors = handshake_errors(pair)
    of_server = install in (server_name, protocols, status_of_server)
    asked, other = ("server", "client") if of_server else ("client", "server")
    assert type(errors[asked]) is Refusal
    assert type(errors[other]) is SSL.Error
    # And nothing can be had from a connection that was refused, ever.
    for end in (pair.client, pair.server):
        with pytest.raises(SSL.Error):
            end.send(b"after the refusal")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("install", [verify_client, status_for_client])
def test_callback_exception_fails_open_also_where_its_answer_raises(ec: Authority, version: str, install):
    errors = handshake_errors(joined(ec, version, install, lambda *arguments: Untruthful()))
    assert type(errors["client"]) in (Refusal, TypeError)
    assert type(errors["server"]) is SSL.Error


def encrypted(ec: Authority, passphrase: bytes) -> bytes:
    return crypto.dump_privatekey(crypto.FILETYPE_PEM, ec.server.pkey, "aes-128-cbc", passphrase)


def test_callback_output_longer_than_its_buffer_passphrase(ec: Authority):
    """What begins with the passphrase and is longer than C's buffer is not cut off to be right."""
    right = b"p" * LONGEST_PASSPHRASE
    pem = encrypted(ec, right)
    crypto.load_privatekey(crypto.FILETYPE_PEM, pem, lambda verify: right)
    for extra in (1, LONGEST_PASSPHRASE, 1 << 20):
        with pytest.raises(ValueError, match="long"):
            crypto.load_privatekey(crypto.FILETYPE_PEM, pem, lambda verify, extra=extra: right + b"p" * extra)


@pytest.mark.parametrize("extra", [1, 1 << 16, 1 << 20])
def test_callback_output_longer_than_its_buffer_protocol(ec: Authority, extra: int):
    """A length byte that wraps around would turn this into the protocol that was offered."""
    offered = b"p" * LONGEST_PROTOCOL
    client, server = client_context(ec), server_context(ec)
    client.set_alpn_protos([offered])
    server.set_alpn_select_callback(lambda connection, names: offered + b"p" * extra)
    errors = handshake_errors(memory_pair(client, server))
    assert set(errors) == {"client", "server"}


def test_callback_length_trusted_protocol(ec: Authority):
    client, server = client_context(ec), server_context(ec)
    client.set_alpn_protos([b"h2"])
    server.set_alpn_select_callback(lambda connection, names: Liar(b"h2"))
    pair = memory_pair(client, server)
    pair.handshake()
    assert pair.client.get_alpn_proto_negotiated() == b"h2"


def test_callback_length_trusted_passphrase(ec: Authority):
    pem = encrypted(ec, b"secret")
    key = crypto.load_privatekey(crypto.FILETYPE_PEM, pem, lambda verify: Liar(b"secret"))
    assert key.bits() == 256
    with pytest.raises(crypto.Error):
        crypto.load_privatekey(crypto.FILETYPE_PEM, pem, lambda verify: Liar(b"secre"))
