"""Records of TLS, encrypted by hand with the keys of a connection: what no library sends."""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from tests.support.pairs import Pair

HANDSHAKE = 22
APPLICATION_DATA = 23
KEY_UPDATE = 24
SUITES = {"TLSv1.2": b"ECDHE-ECDSA-AES256-GCM-SHA384", "TLSv1.3": b"TLS_AES_256_GCM_SHA384"}
"""What `encryptor` works with, by version."""


def _expand_label(secret: bytes, label: bytes, length: int) -> bytes:
    """HKDF-Expand-Label with an empty context (RFC 8446, 7.1)."""
    label = b"tls13 " + label
    info = struct.pack(">HB", length, len(label)) + label + b"\0"
    return HKDFExpand(hashes.SHA384(), length, info).derive(secret)


def _traffic_keys(secret: bytes) -> tuple[AESGCM, bytes]:
    """The key and the fixed part of the nonce (RFC 8446, 7.3)."""
    return AESGCM(_expand_label(secret, b"key", 32)), _expand_label(secret, b"iv", 12)


def key_update(*, answered: bool) -> tuple[int, bytes]:
    """Make the message of TLS 1.3 that announces new keys, and asks for them, or does not (RFC 8446, 4.6.3)."""
    return HANDSHAKE, bytes([KEY_UPDATE, 0, 0, 1, int(answered)])


def _prf(secret: bytes, seed: bytes, length: int) -> bytes:
    """P_SHA384 (RFC 5246, 5)."""
    made, block = b"", seed
    while len(made) < length:
        block = hmac.digest(secret, block, "sha384")
        made += hmac.digest(secret, block + seed, "sha384")
    return made[:length]


def encryptor(pair: Pair, secrets: list[bytes]) -> Callable[[int, bytes], bytes]:
    """Make the function that encrypts the client's next record, of a type and with plaintext.

    `secrets` are the lines of the client's key log.  The client must have sent no data since the handshake.
    """
    client = pair.client
    if client.get_protocol_version_name() == "TLSv1.3":
        assert client.get_cipher_name() == SUITES["TLSv1.3"].decode()
        secret = bytes.fromhex(next(line for line in secrets if line.startswith(b"CLIENT_TRAFFIC")).split()[2].decode())
        key, fixed = _traffic_keys(secret)
        sequence = -1

        def encrypt_13(kind: int, plaintext: bytes) -> bytes:
            nonlocal secret, key, fixed, sequence
            sequence += 1
            nonce = bytes(a ^ b for a, b in zip(fixed, sequence.to_bytes(12), strict=True))
            header = struct.pack(">BHH", APPLICATION_DATA, 0x0303, len(plaintext) + 1 + 16)
            record = header + key.encrypt(nonce, plaintext + bytes([kind]), header)
            if (kind, plaintext[:1]) == (HANDSHAKE, bytes([KEY_UPDATE])):
                # The next record has the next keys (RFC 8446, 7.2).
                secret, sequence = _expand_label(secret, b"traffic upd", 48), -1
                key, fixed = _traffic_keys(secret)
            return record

        return encrypt_13

    assert client.get_cipher_name() == SUITES["TLSv1.2"].decode()
    randoms, master_key = (client.server_random(), client.client_random()), client.master_key()
    assert all(randoms)
    assert master_key is not None
    block = _prf(master_key, b"key expansion" + b"".join(filter(None, randoms)), 2 * 32 + 2 * 4)
    key_12, fixed_12 = AESGCM(block[:32]), block[64:68]
    # Its Finished was number 0.
    number = 0

    def encrypt_12(kind: int, plaintext: bytes) -> bytes:
        nonlocal number
        number += 1
        explicit = number.to_bytes(8)
        added = explicit + struct.pack(">BHH", kind, 0x0303, len(plaintext))
        sealed = explicit + key_12.encrypt(fixed_12 + explicit, plaintext, added)
        return struct.pack(">BHH", kind, 0x0303, len(sealed)) + sealed

    return encrypt_12
