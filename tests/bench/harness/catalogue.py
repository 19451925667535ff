"""What is measured: one line for each row of the table.  How it is measured is in workers/ and plain/."""

from __future__ import annotations

from dataclasses import dataclass

PEERS = ("ours", "pyopenssl", "ssl", "c")
"""The peers in the order of their turns and of the columns."""


@dataclass(frozen=True)
class Case:
    """One row."""

    name: str
    title: str
    unit: str
    """What a figure counts.  A rate, where more is better, unless it is in DURATION or SIZE."""
    peers: tuple[str, ...] = PEERS
    """Who can do this at all; the others get a dash, which is no error."""
    threads: bool = False
    """The figure depends on cores that are free; CPU time would say nothing about it."""
    timeout: float = 120.0
    """Seconds after which one turn counts as hung."""


DURATION = frozenset({"ms"})
"""Units of duration: the ratio is turned round, so that 2.0 means twice as fast here too."""
SIZE = frozenset({"KiB"})
"""Units of size: the ratio is ours by theirs, and less is better."""

PACKAGES = ("ours", "pyopenssl")
WITH_C = ("ours", "pyopenssl", "c")

GROUPS: dict[str, tuple[Case, ...]] = {
    "Handshakes in memory, both ends, client verifies a chain of three": (
        Case("handshake-13", "full, TLS 1.3", "1/s"),
        Case("handshake-12", "full, TLS 1.2", "1/s"),
        Case("handshake-13-rsa", "full, TLS 1.3, RSA-2048 certificates", "1/s"),
        Case("resume-13-clean", "resumed, TLS 1.3, after a clean close", "1/s"),
        Case("resume-13-abrupt", "resumed, TLS 1.3, after an abrupt close", "1/s"),
        Case("resume-12-clean", "resumed, TLS 1.2, after a clean close", "1/s"),
        Case("resume-12-abrupt", "resumed, TLS 1.2, after an abrupt close", "1/s"),
        Case("threads-handshake", "full, TLS 1.3: two threads against one", "x", threads=True),
    ),
    "Data in memory, TLS 1.3: encrypted, moved, decrypted": (
        Case("echo-64", "64-byte round trip", "1/s"),
        Case("threads-echo", "64-byte round trip: two threads against one", "x", threads=True),
        Case("write-16k", "16 KiB writes", "MB/s"),
        Case("write-1m", "1 MiB writes", "MB/s"),
    ),
    "Data over a socket pair, TLS 1.3": (
        Case("one-way-64", "64-byte messages one way, two threads", "1/s", threads=True),
        Case("one-way-64-turns", "64-byte messages one way, one thread", "1/s"),
        Case("ping-pong-64", "64-byte round trip, two threads on one core", "1/s"),
        Case("ping-pong-64-turns", "64-byte round trip, one thread", "1/s"),
        Case("bulk", "256 MiB one way, two threads, recv", "MB/s", threads=True),
        Case("bulk-into", "256 MiB one way, two threads, recv_into", "MB/s", threads=True),
        Case("bulk-read-ahead", "256 MiB one way, read-ahead on", "MB/s", threads=True, peers=("ours", "c")),
        Case("asyncio-echo", "asyncio, 1,000 connections, 64-byte round trips", "1/s", ("ours", "pyopenssl", "ssl")),
    ),
    "Size and start": (
        Case("memory-idle", "memory of an idle pair after a message each way", "KiB"),
        Case("import", "import (`from OpenSSL import SSL, crypto`; `import ssl`)", "ms", ("ours", "pyopenssl", "ssl")),
    ),
    "Certificates and keys": (
        Case("load-certificate-pem", "load_certificate, PEM", "1/s", WITH_C),
        Case("load-certificate-der", "load_certificate, DER", "1/s", WITH_C),
        Case("load-key-ec", "load_privatekey, PEM, P-256", "1/s", WITH_C),
        Case("load-key-rsa", "load_privatekey, PEM, RSA-2048", "1/s", WITH_C),
        Case("subject-components", "get_subject().get_components()", "1/s", WITH_C),
        Case("subject-cn", "get_subject().CN", "1/s", WITH_C),
        Case("digest", "X509.digest('sha256')", "1/s", WITH_C),
        Case("has-expired", "has_expired()", "1/s", WITH_C),
        Case("serial", "get_serial_number()", "1/s", WITH_C),
        Case("verify-chain", "verify the same chain of three again", "1/s", WITH_C),
        Case("dump-certificate-pem", "dump_certificate, PEM", "1/s", WITH_C),
        Case("sign-ec", "X509.sign, P-256", "1/s", WITH_C),
        Case("sign-rsa", "X509.sign, RSA-2048", "1/s", WITH_C),
    ),
}

CASES: dict[str, Case] = {case.name: case for cases in GROUPS.values() for case in cases}


def ratio(case: Case, figure: float, other: float) -> float:
    """Compare: how many times as fast as the other, or for sizes how many times as large."""
    return other / figure if case.unit in DURATION else figure / other
