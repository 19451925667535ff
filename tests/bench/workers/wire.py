"""What was really negotiated, read from the wire.

Not every peer can say which group a connection uses or whether its session was resumed, but all must be measured doing
the same thing; so both are read from the bytes that the server sent during the handshake.
"""

from __future__ import annotations

from .measure import require

# TLS 1.3: extension key_share (51) of the ServerHello, 36 bytes: group x25519 (29), 32 bytes of key.
X25519_IN_SERVER_HELLO = bytes.fromhex("0033 0024 001d 0020")
# TLS 1.2: ServerKeyExchange, named_curve (3), x25519 (29), 32 bytes of key.
X25519_IN_KEY_EXCHANGE = bytes.fromhex("03 001d 20")

SUITE_13 = "TLS_AES_128_GCM_SHA256"
SUITES_12 = {"ec": "ECDHE-ECDSA-AES128-GCM-SHA256", "rsa": "ECDHE-RSA-AES128-GCM-SHA256"}


def suite(version: str, kind: str) -> str:
    """Name the one cipher suite of a protocol version and kind of key."""
    return SUITE_13 if version == "TLSv1.3" else SUITES_12[kind]


def check_full(version: str, flight: bytes) -> None:
    """Check that the server's bytes are those of a full handshake with x25519."""
    mark = X25519_IN_SERVER_HELLO if version == "TLSv1.3" else X25519_IN_KEY_EXCHANGE
    require(mark in flight, "the key exchange group is not x25519")
    require(len(flight) > 1000, f"{len(flight)} bytes from the server are no full handshake")


def was_resumed(length: int) -> bool:
    """Tell a resumed handshake by its length: a full one carries two certificates, more than 1,000 bytes."""
    return length < 700
