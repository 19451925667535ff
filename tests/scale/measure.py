"""Measures at scale and holds the figures to their bounds: `make scale`; CONTRIBUTING.md says what they mean.

Each measurement runs in a process of its own, started by `run`. Nothing here knows pytest.
"""

import argparse
import gc
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from OpenSSL import SSL, crypto

from tests.support.authority import Authority, make_authority
from tests.support.contexts import client_context, server_context
from tests.support.issuing import validity
from tests.support.keys import ec_key
from tests.support.pairs import Pair, socket_pair

MIB = 1 << 20
FLAT = 1.10
"""How much more one of the many may cost than one of the few."""
LINEAR = 13.0
"""How much longer ten times as many certificates may take."""
UNSENT = 16 * MIB
"""How much the memory may grow while any amount is sent."""

Figures = dict[str, float]


def resident() -> int:
    """Return the bytes of memory that are this process's own."""
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def connections(counts: list[int]) -> Figures:
    """Hold so many idle connections, each over a socket, after one message each way; KiB for one at each count.

    Two connections are a pair, a client's and a server's, and both are counted.
    """
    authority = throwaway()
    client, server = client_context(authority), server_context(authority)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = counts[-1] + 200
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, max(hard, needed)))
    # What is made once, whatever the count.
    kept: list[Pair] = [talked(client, server) for _ in range(50)]
    figures: Figures = {}
    before, beginning = resident(), len(kept)
    for count in counts:
        kept.extend(talked(client, server) for _ in range(count // 2 - (len(kept) - beginning)))
        figures[f"KiB for one of {count:,}"] = (resident() - before) / count / 1024
    for pair in (kept[0], kept[len(kept) // 2], kept[-1]):
        pair.client.sendall(b"still there")
        assert pair.server.recv(100) == b"still there"
    *fewer, many = (figures[f"KiB for one of {count:,}"] for count in counts)
    # Not only by the first ones: they cost more, since what the allocator then has in hand counts for them.
    figures["many by few"] = many / min(fewer)
    assert many <= min(fewer) * FLAT, figures
    return figures


def talked(client: SSL.Context, server: SSL.Context) -> Pair:
    """Make a pair over a Unix socket, and let it exchange a message each way, in this thread alone."""
    pair = socket_pair(client, server)
    for end in pair.sockets():
        end.setblocking(False)
    waiting = [pair.client, pair.server]
    while waiting:
        for connection in list(waiting):
            try:
                connection.do_handshake()
            except SSL.WantReadError:
                continue
            waiting.remove(connection)
    for one, other in ((pair.client, pair.server), (pair.server, pair.client)):
        one.send(b"hello")
        assert other.recv(100) == b"hello"
    return pair


def certificates(counts: list[int]) -> Figures:
    """Load stores of so many CAs from one PEM text; seconds of CPU for each, and for verifying with one."""
    pems = [authority_certificate(number) for number in range(counts[-1])]
    figures: Figures = {}
    for count in counts:
        seconds = []
        for _ in range(5):
            with tempfile.NamedTemporaryFile(suffix=".pem") as file:
                file.write(b"".join(pems[:count]))
                file.flush()
                context = SSL.Context(SSL.TLS_METHOD)
                began = time.process_time()
                context.load_verify_locations(file.name)
                seconds.append(time.process_time() - began)
        figures[f"s to load {count:,} from a file"] = min(seconds)
        seconds = []
        for _ in range(5):
            store = crypto.X509Store()
            began = time.process_time()
            for pem in pems[:count]:
                store.add_cert(crypto.load_certificate(crypto.FILETYPE_PEM, pem))
            seconds.append(time.process_time() - began)
        figures[f"s to load {count:,} and add each to a store"] = min(seconds)
        # Any of them is found, and who is none of them is not.
        began = time.process_time()
        for number in (0, count // 2, count - 1):
            leaf = issued(f"CA {number}")
            crypto.X509StoreContext(store, leaf).verify_certificate()
        figures[f"ms to verify with one of {count:,}"] = (time.process_time() - began) / 3 * 1000
        try:
            crypto.X509StoreContext(store, issued("a stranger")).verify_certificate()
        except crypto.X509StoreContextError:
            pass
        else:
            raise AssertionError("a store of many trusts a stranger")
    for what in ("to load {} from a file", "to load {} and add each to a store"):
        few, many = (figures["s " + what.format(f"{count:,}")] for count in (counts[0], counts[-1]))
        figures[f"many by few, {what.format('them')}"] = many / few
        assert many / few <= LINEAR * (counts[-1] / counts[0] / 10), figures
    return figures


def authority_certificate(number: int) -> bytes:
    """Return the self-signed certificate of a CA of this number, in PEM."""
    name = f"CA {number}"
    return crypto.dump_certificate(crypto.FILETYPE_PEM, certificate(name, name, b"CA:TRUE"))


def issued(issuer: str) -> crypto.X509:
    """Return a certificate that this CA has issued."""
    return certificate("leaf", issuer, b"CA:FALSE")


def certificate(subject: str, issuer: str, constraints: bytes) -> crypto.X509:
    """Return a certificate; all have the same key."""
    made = crypto.X509()
    made.set_version(2)
    made.set_serial_number(1)
    made.get_subject().CN = subject
    name = crypto.X509().get_subject()
    name.CN = issuer
    made.set_issuer(name)
    before, after = validity()
    made.set_notBefore(before)
    made.set_notAfter(after)
    made.set_pubkey(ec_key())
    made.add_extensions([crypto.X509Extension(b"basicConstraints", True, constraints)])
    made.sign(ec_key(), "sha256")
    return made


def sending(mebibytes: list[int]) -> Figures:
    """Send that much with one call of sendall, to a thread that receives; MiB that the memory grows beyond the data."""
    authority = throwaway()
    pair = socket_pair(client_context(authority), server_context(authority))
    pair.handshake()
    figures: Figures = {}
    for amount in mebibytes:
        data = bytes(amount * MIB)
        buffer = bytearray(MIB)
        got = 0

        def receive(expected: int = len(data), buffer: bytearray = buffer) -> None:
            nonlocal got
            while got < expected:
                got += pair.server.recv_into(buffer)

        # The zeros have no memory of their own until somebody looks at them: that is not what is measured.
        assert data.count(0) == len(data)
        before = resident()
        Path("/proc/self/clear_refs").write_text("5")
        thread = threading.Thread(target=receive)
        thread.start()
        began = time.perf_counter()
        assert pair.client.sendall(data) == len(data)
        thread.join()
        figures[f"s to send {amount:,} MiB"] = time.perf_counter() - began
        figures[f"MiB more at the peak of {amount:,} MiB"] = (peak() - before) / MIB
        assert got == len(data)
        assert figures[f"MiB more at the peak of {amount:,} MiB"] * MIB <= UNSENT, figures
        del data
    return figures


def peak() -> int:
    """Return the most memory that the process has had since the file clear_refs was written to, in bytes."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def throwaway() -> Authority:
    """Return a CA in a directory that is of no account."""
    return make_authority("ec", Path(tempfile.mkdtemp(prefix="ironssl-scale-")))


MEASUREMENTS: dict[str, tuple[Callable[[list[int]], Figures], list[int], list[int]]] = {
    "connections": (connections, [100, 1000, 10_000], [100, 500]),
    "certificates": (certificates, [1000, 10_000], [100, 1000]),
    "sending": (sending, [16, 1024], [16, 64]),
}
"""What is measured, how many of each, and how many in the short version that the tests run."""


def run(name: str, short: bool) -> Figures:
    """Measure in a new process; its failure is an AssertionError with what it said."""
    command = [sys.executable, "-m", "tests.scale.measure", "--inside", name] + (["--short"] if short else [])
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    figures: Figures = json.loads(done.stdout)
    return figures


def main() -> int:
    """Measure all, or what was named; print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--short", action="store_true", help="the numbers that the tests use")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        measurement, long, short = MEASUREMENTS[chosen.names[0]]
        print(json.dumps(measurement(short if chosen.short else long)))
        return 0
    failed = 0
    for name in chosen.names or MEASUREMENTS:
        print(name)
        try:
            for what, figure in run(name, chosen.short).items():
                print(f"  {figure:10.3f} {what}")
        except AssertionError as error:
            failed = 1
            print(f"  FAILED\n{error}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
