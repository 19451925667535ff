"""Keys of kinds that the package under test does not make, as its objects; made with `cryptography`."""

import functools

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from OpenSSL import crypto


@functools.cache
def ec_key() -> crypto.PKey:
    """Return a P-256 pair."""
    return crypto.PKey.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()))


@functools.cache
def ed25519_key() -> crypto.PKey:
    """Return an Ed25519 pair."""
    return crypto.PKey.from_cryptography_key(ed25519.Ed25519PrivateKey.generate())


@functools.cache
def ed448_key() -> crypto.PKey:
    """Return an Ed448 pair."""
    return crypto.PKey.from_cryptography_key(ed448.Ed448PrivateKey.generate())
