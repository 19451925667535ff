"""OpenSSL's random number generator.

Everything here is native (`OpenSSL._rust.rand`). The generator seeds itself from the operating system: a program needs
none of this to be safe, and may add what it has.
"""

from OpenSSL._rust import rand as _rand

__all__ = [
    "Error",
    "add",
    "bytes",
    "cleanup",
    "egd",
    "load_file",
    "seed",
    "status",
    "write_file",
]

Error = _rand.Error
add = _rand.add
bytes = _rand.bytes
cleanup = _rand.cleanup
egd = _rand.egd
load_file = _rand.load_file
seed = _rand.seed
status = _rand.status
write_file = _rand.write_file
