"""What a client says in its first message: the ClientHello of TLS and DTLS (RFC 8446, 4.1.2; RFC 6347, 4.2.1), read."""

import contextlib
from dataclasses import dataclass

from OpenSSL import SSL

SUPPORTED_GROUPS = 10
USE_SRTP = 14
POST_HANDSHAKE_AUTH = 49

DTLS_MAJOR = 254


@dataclass
class Hello:
    """The numbers of the ciphers that a client offers, and its extensions: number and content."""

    ciphers: list[int]
    extensions: dict[int, bytes]

    @property
    def groups(self) -> list[int]:
        """The groups that the client offers for the key exchange."""
        return numbers(self.extensions.get(SUPPORTED_GROUPS, b"")[2:])


def numbers(data: bytes) -> list[int]:
    """Return the 16-bit numbers of a list without its length."""
    return [int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2)]


class Reader:
    """Takes fields off the front of a message."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, count: int) -> bytes:
        """Take so many bytes; they must be there."""
        assert len(self.data) >= count, "the message is cut off"
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def vector(self, width: int) -> bytes:
        """Take a field that is preceded by its length in `width` bytes."""
        return self.take(int.from_bytes(self.take(width)))


def client_hello(context: SSL.Context) -> Hello:
    """Return what a client of the context says first."""
    client = SSL.Connection(context, None)
    client.set_connect_state()
    with contextlib.suppress(SSL.WantReadError):
        client.do_handshake()
    return parse(client.bio_read(65536))


def parse(flight: bytes) -> Hello:
    """Read the ClientHello out of a flight that is one record."""
    record = Reader(flight)
    assert record.take(1) == b"\x16", "no handshake record"
    datagrams = record.take(2)[0] == DTLS_MAJOR
    if datagrams:
        record.take(8)
    handshake = Reader(record.vector(2))
    assert handshake.take(1) == b"\x01", "no ClientHello"
    if datagrams:
        handshake.take(3 + 2 + 3)
    hello = Reader(handshake.vector(3))
    hello.take(2 + 32)
    hello.vector(1)
    if datagrams:
        hello.vector(1)
    ciphers = numbers(hello.vector(2))
    hello.vector(1)
    rest = Reader(hello.vector(2))
    extensions = {}
    while rest.data:
        number = int.from_bytes(rest.take(2))
        extensions[number] = rest.vector(2)
    return Hello(ciphers, extensions)
