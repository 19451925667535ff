"""Rules: who sends what decrypts badly learns that it did, and not how: one error for each kind of tampering.

Bug class: padding oracles told apart by error text. What is looked at is the exception on the side that was attacked,
and the bytes that it answers; the time it takes is the library's affair.
"""

import contextlib
import os
from collections.abc import Callable

import pytest
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.contexts import client_context, only, server_context
from tests.support.issuing import rsa_key
from tests.support.pairs import Pair, carry, connected, memory_pair

NO_ENCRYPT_THEN_MAC = 1 << 19
CLIENT_KEY_EXCHANGE = 16


def answered(connection: SSL.Connection, error: SSL.Error) -> tuple[type, object, bytes]:
    """Return all that an attacker may see, or read in a log: the error, and what was sent."""
    sent = b""
    with contextlib.suppress(SSL.Error):
        sent = connection.bio_read(65536)
    return type(error), error.args, sent


def padded(kind: str, size: int) -> bytes:
    """Return an encoded premaster secret of TLS 1.2 (RFC 8017, 7.2.1; RFC 5246, 7.4.7.1) with one thing wrong."""
    secret = b"\x03\x03" + os.urandom(46)
    filling = bytes(1 + byte % 255 for byte in os.urandom(size - 3 - 48))
    encoded = {
        "another secret": b"\0\2" + filling + b"\0" + secret,
        "first byte": b"\1\2" + filling + b"\0" + secret,
        "block type": b"\0\1" + filling + b"\0" + secret,
        "no separator": b"\0\2" + filling + b"\1" + b"\3" * 48,
        "separator too early": b"\0\2" + filling[:4] + b"\0" + filling[5:] + b"\0" + secret,
        "secret too short": b"\0\2" + filling + b"\1\0" + secret[1:],
        "secret too long": b"\0\2" + filling[:-1] + b"\0\0" + secret,
        "version": b"\0\2" + filling + b"\0" + b"\x02\x00" + secret[2:],
        "zeros": bytes(size),
    }[kind]
    assert len(encoded) == size
    return encoded


KINDS = ["first byte", "block type", "no separator", "separator too early", "secret too short", "secret too long"]
KINDS += ["version", "zeros"]


def exchanged(rsa: Authority, kind: str) -> tuple[type, object, bytes]:
    """Make a handshake whose key exchange somebody in between replaces; return what the server makes of it."""
    client, server = client_context(rsa), only(server_context(rsa), "TLSv1.2")
    for context in (client, server):
        context.set_cipher_list(b"AES128-SHA256:@SECLEVEL=0")
    pair = memory_pair(client, server)
    for one, other in ((pair.client, pair.server), (pair.server, pair.client)):
        with pytest.raises(SSL.WantReadError):
            one.do_handshake()
        carry(one, other)
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    flight = bytearray(pair.client.bio_read(65536))
    numbers = rsa.server.certificate.public_key().public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    # A record of its own: header, type and length of the message, length of the ciphertext.
    assert flight[0] == 22
    assert flight[5] == CLIENT_KEY_EXCHANGE
    at = 5 + 4 + 2
    assert int.from_bytes(flight[at - 2 : at]) == size
    message = int.from_bytes(padded(kind, size)) % numbers.n
    flight[at : at + size] = pow(message, numbers.e, numbers.n).to_bytes(size)
    pair.server.bio_write(bytes(flight))
    with pytest.raises(SSL.Error) as caught:
        pair.server.do_handshake()
    return answered(pair.server, caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_oracles_of_the_key_exchange(rsa: Authority, kind: str):
    """Bleichenbacher's: well padded, but another secret, is the measure; each kind of bad padding looks the same."""
    assert exchanged(rsa, kind) == exchanged(rsa, "another secret")


def tampered(ec: Authority, at: Callable[[int], int]) -> tuple[type, object, int]:
    """Send a record of CBC with a bit changed at a place of its ciphertext; return what the server makes of it."""
    client, server = client_context(ec), only(server_context(ec), "TLSv1.2")
    for context in (client, server):
        context.set_cipher_list(b"ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
        context.set_options(NO_ENCRYPT_THEN_MAC)
    with connected(client, server, "memory") as pair:
        pair.client.send(b"x" * 100)
        record = bytearray(pair.client.bio_read(65536))
        place = at(len(record))
        record[place] ^= 0x55
        pair.server.bio_write(bytes(record))
        with pytest.raises(SSL.Error) as caught:
            pair.server.recv(200)
        kind, args, alert = answered(pair.server, caught.value)
        return kind, args, len(alert)


# Explicit IV 16 bytes after the header; 100 bytes of data, 20 of MAC, 8 of padding.
DATA = 5 + 16 + 3
PLACES = {
    "IV": lambda size: 5,
    "MAC": lambda size: size - 16 - 12,
    "MAC, by the block before": lambda size: size - 32 - 10,
    "padding": lambda size: size - 16 - 3,
    "length of the padding": lambda size: size - 16 - 1,
    "last block": lambda size: size - 1,
}


@pytest.mark.parametrize("place", PLACES)
def test_padding_oracles_of_records(ec: Authority, place: str):
    """Vaudenay's and Lucky Thirteen's: padding and MAC, MAC first and encrypted then, are one error and one alert.

    Changed data, where the padding is right and the MAC is not, is the measure.
    """
    kind, args, alert = tampered(ec, PLACES[place])
    assert kind is SSL.Error
    assert "decryption failed or bad record mac" in str(args)
    assert (kind, args, alert) == tampered(ec, lambda size: DATA)
    assert alert > 0


@pytest.mark.parametrize("cipher", ["aes-128-cbc", "aes-256-cbc", "des-ede3-cbc"])
def test_padding_oracles_of_encrypted_keys(ec: Authority, cipher: str):
    """A wrong passphrase, of which one in 256 gives good padding and bad content, is one error for all."""
    pem = crypto.dump_privatekey(crypto.FILETYPE_PEM, rsa_key(), cipher, b"right")
    seen = set()
    for number in range(700):
        with pytest.raises(crypto.Error) as caught:
            crypto.load_privatekey(crypto.FILETYPE_PEM, pem, b"wrong %d" % number)
        seen.add(str(caught.value.args))
    assert seen == {"([('Provider routines', '', 'bad decrypt')],)"}


def test_padding_oracles_of_archives(ec: Authority):
    """An archive whose content or MAC was changed, and one with another passphrase, are one error: the MAC is wrong."""
    bag = crypto.PKCS12()
    bag.set_privatekey(ec.server.pkey)
    bag.set_certificate(ec.server.x509)
    der = bag.export(b"right")
    seen = set()
    for number in range(20):
        with pytest.raises(crypto.Error) as caught:
            crypto.load_pkcs12(der, b"wrong %d" % number)
        seen.add(str(caught.value.args))
    for part in range(10):
        damaged = bytearray(der)
        damaged[len(der) // 3 + 8 * part] ^= 1
        with pytest.raises(crypto.Error) as caught:
            crypto.load_pkcs12(bytes(damaged), b"right")
        seen.add(str(caught.value.args))
    assert len(seen) == 1, seen


def test_the_measure_is_a_measure(rsa: Authority):
    """The replaced key exchange is what fails: left alone, the same handshake succeeds."""
    client, server = client_context(rsa), only(server_context(rsa), "TLSv1.2")
    for context in (client, server):
        context.set_cipher_list(b"AES128-SHA256:@SECLEVEL=0")
    pair: Pair = memory_pair(client, server)
    pair.handshake()
    assert pair.server.get_cipher_name() == "AES128-SHA256"
