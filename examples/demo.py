"""The package's main job, from keys to peers: make a CA, serve TLS with it, and talk to four kinds of client.

Run it as `.venv/bin/python examples/demo.py`. Each step says what it did; the exit status is 1, with the reason, if
anything differs from what is expected. It needs the programs `openssl` and `curl`.
"""

import asyncio
import functools
import hashlib
import os
import queue
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import OpenSSL
from OpenSSL import SSL, aio, crypto

PASSPHRASE = b"for a demonstration only"
DAY = 24 * 60 * 60
BLOCK = os.urandom(1 << 20)
BLOCKS = 64
PAGE = b"a page, served by SSL.Connection\n"


class Unexpected(Exception):
    """Something differs from what is expected."""


def say(topic: str, text: str) -> None:
    """Print one line of the report."""
    print(f"{topic:<12} {text}", flush=True)


def expect(condition: bool, what: str) -> None:
    """Stop the demonstration unless the condition holds."""
    if not condition:
        raise Unexpected(what)


# --- Certificates ----------------------------------------------------------------------------------------------------


@dataclass
class Identity:
    """A certificate, its private key, and the PEM files that hold them."""

    certificate: crypto.X509
    key: crypto.PKey
    cert_file: Path
    key_file: Path


def make(
    name: str, directory: Path, issuer: Identity | None, extensions: Sequence[tuple[bytes, bool, bytes]]
) -> Identity:
    """Make a key and a certificate for it, signed by the issuer or by itself; save both, and load them again."""
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 2048)
    certificate = crypto.X509()
    certificate.set_version(2)
    certificate.set_serial_number(int.from_bytes(os.urandom(16), "big") >> 1)
    subject = certificate.get_subject()
    subject.O = "ironssl demonstration"
    subject.CN = name
    certificate.set_issuer(subject if issuer is None else issuer.certificate.get_subject())
    certificate.gmtime_adj_notBefore(-60)
    certificate.gmtime_adj_notAfter(DAY)
    certificate.set_pubkey(key)
    certificate.add_extensions([crypto.X509Extension(*extension) for extension in extensions])
    certificate.add_extensions([crypto.X509Extension(b"subjectKeyIdentifier", False, b"hash", subject=certificate)])
    signer = certificate if issuer is None else issuer.certificate
    certificate.add_extensions([crypto.X509Extension(b"authorityKeyIdentifier", False, b"keyid", issuer=signer)])
    certificate.sign(key if issuer is None else issuer.key, "sha256")

    cert_file, key_file = directory / f"{name}.pem", directory / f"{name}.key.pem"
    cert_file.write_bytes(crypto.dump_certificate(crypto.FILETYPE_PEM, certificate))
    key_file.write_bytes(crypto.dump_privatekey(crypto.FILETYPE_PEM, key, "aes-256-cbc", PASSPHRASE))
    loaded = Identity(
        crypto.load_certificate(crypto.FILETYPE_PEM, cert_file.read_bytes()),
        crypto.load_privatekey(crypto.FILETYPE_PEM, key_file.read_bytes(), PASSPHRASE),
        cert_file,
        key_file,
    )
    expect(loaded.certificate.digest("sha256") == certificate.digest("sha256"), "the saved certificate is another")
    expect(b"ENCRYPTED" in key_file.read_bytes(), "the saved key is not encrypted")
    say("made", f"{describe(loaded.certificate)}; saved and loaded, the key with a passphrase")
    return loaded


def describe(certificate: crypto.X509) -> str:
    """Say whose certificate it is, and who signed it."""
    key = certificate.get_pubkey()
    algorithm = certificate.get_signature_algorithm().decode()
    issuer = certificate.get_issuer().CN
    return f"{certificate.get_subject().CN} (RSA {key.bits()} bits, {algorithm}, signed by {issuer})"


def make_ca(name: str, directory: Path) -> Identity:
    """Make a root certificate."""
    usage = (b"keyUsage", True, b"keyCertSign, cRLSign")
    return make(name, directory, None, [(b"basicConstraints", True, b"CA:TRUE"), usage])


# --- The server ------------------------------------------------------------------------------------------------------


class Server:
    """Serves TLS on loopback: a thread accepts, and each connection has a thread of its own."""

    def __init__(self, context: SSL.Context) -> None:
        self.refusals: list[SSL.Error] = []
        self.failures: list[BaseException] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listener = SSL.Connection(context, self._listening)
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def _start(self, function: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # stop() has shut the listening socket down.
            self._start(self._serve, connection)

    def _serve(self, connection: SSL.Connection) -> None:
        try:
            connection.do_handshake()
        except SSL.Error as error:
            self.refusals.append(error)
            connection.close()
            return
        try:
            request = read_line(connection)
            if request == b"BULK":
                bulk(connection)
            else:
                while read_line(connection):
                    pass  # The rest of an HTTP request's head.
                head = b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PAGE)
                connection.sendall(head + PAGE)
            connection.shutdown()
            expect_closed(connection)
        except SSL.Error as error:
            # In TLS 1.3 a client's refusal comes after the server's side of the handshake.
            self.refusals.append(error)
        except BaseException as error:
            self.failures.append(error)
        finally:
            connection.close()

    def stop(self) -> None:
        """Accept no more, wait for the connections to end, and pass on what went wrong."""
        self._listening.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(30)
            expect(not thread.is_alive(), "a thread of the server does not end")
        self._listener.close()
        expect(not self.failures, f"the server failed: {self.failures}")


def read_line(connection: SSL.Connection) -> bytes:
    """Receive a line, and return it without its end."""
    line = b""
    while not line.endswith(b"\n"):
        line += connection.recv(1)
    return line.rstrip(b"\r\n")


def expect_closed(connection: SSL.Connection) -> None:
    """Wait for the peer's closure alert."""
    try:
        data = connection.recv(1)
    except SSL.ZeroReturnError:
        return
    raise Unexpected(f"{data!r} came in place of the end")


@functools.cache
def expected_digest() -> bytes:
    """Return the digest of what each side sends in `bulk`."""
    digest = hashlib.sha256()
    for _ in range(BLOCKS):
        digest.update(BLOCK)
    return digest.digest()


def bulk(connection: SSL.Connection) -> None:
    """Send and receive 64 MiB at the same time, in two threads; check the digest of what came."""
    results: list[int] = []

    def send() -> None:
        results.append(sum(connection.sendall(BLOCK) for _ in range(BLOCKS)))

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    digest, buffer, left = hashlib.sha256(), memoryview(bytearray(1 << 16)), BLOCKS << 20
    while left:
        count = connection.recv_into(buffer, min(left, len(buffer)))
        digest.update(buffer[:count])
        left -= count
    sender.join(60)
    expect(results == [BLOCKS << 20], "not all was sent")
    expect(digest.digest() == expected_digest(), "what came is not what was sent")


# --- The clients -----------------------------------------------------------------------------------------------------


def client_context(root: Identity) -> SSL.Context:
    """Make a context that trusts one root, and insists."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.load_verify_locations(str(root.cert_file))
    context.set_verify(SSL.VERIFY_PEER)
    return context


def connect(context: SSL.Context, port: int, session: SSL.Session | None = None) -> SSL.Connection:
    """Connect to the server, and do the handshake."""
    connection = SSL.Connection(context, socket.socket())
    connection.connect(("127.0.0.1", port))
    if session is not None:
        connection.set_session(session)
    try:
        connection.do_handshake()
    except SSL.Error:
        connection.close()
        raise
    return connection


def fetch(connection: SSL.Connection) -> bytes:
    """Get the page over HTTP, to the closure alert."""
    connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
    answer = b""
    while True:
        try:
            answer += connection.recv(4096)
        except SSL.ZeroReturnError:
            return answer


def finish(connection: SSL.Connection) -> None:
    """Answer the server's closure alert, and close."""
    expect(connection.shutdown() is True, "the shutdown is not complete")
    connection.close()


def our_client(context: SSL.Context, port: int) -> None:
    """Connect with the package itself, and say what was agreed on."""
    names: dict[int, str] = {}

    def look(connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, passed: int) -> bool:
        names[depth] = str(certificate.get_subject().CN)
        return bool(passed)

    context.set_verify(SSL.VERIFY_PEER, look)
    connection = connect(context, port)
    chain = [names[depth] for depth in sorted(names)]
    protocol, cipher = connection.get_protocol_version_name(), connection.get_cipher_name()
    say("our client", f"{protocol}, {cipher}, group {connection.get_group_name()}")
    say("our client", f"verified the chain {' <- '.join(chain)}")
    expect(protocol == "TLSv1.3", f"not TLS 1.3 but {protocol}")
    expect(chain == ["localhost", "intermediate", "root"], f"not the chain expected: {chain}")
    presented = connection.get_peer_cert_chain() or []
    expect(len(presented) == 2, f"the server presented {len(presented)} certificates")
    expect(fetch(connection).endswith(PAGE), "not the page")
    finish(connection)
    say("our client", f"got the page, {len(PAGE)} bytes, and a clean end")


def run(command: Sequence[str], stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Run a program to its end."""
    expect(shutil.which(command[0]) is not None, f"the program {command[0]} is needed, and is not installed")
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)


def openssl_client(root: Identity, port: int) -> None:
    """Connect with `openssl s_client`."""
    verification = ["-CAfile", str(root.cert_file), "-verify_return_error", "-verify_hostname", "localhost"]
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-ign_eof", *verification]
    done = run(command, b"GET / HTTP/1.0\n\n")
    expect(done.returncode == 0, f"openssl s_client: {done.stderr.decode()}")
    expect(b"Verify return code: 0 (ok)" in done.stdout, "openssl s_client did not verify the chain")
    expect(PAGE in done.stdout, "openssl s_client did not get the page")
    (agreed,) = (line.decode() for line in done.stdout.splitlines() if b", Cipher is " in line)
    say("s_client", f"{agreed.removeprefix('New, ')}, verified the chain, got the page")


def curl_client(root: Identity, port: int) -> None:
    """Connect with curl."""
    name = ["--resolve", f"localhost:{port}:127.0.0.1", f"https://localhost:{port}/"]
    done = run(["curl", "--silent", "--show-error", "--verbose", "--cacert", str(root.cert_file), *name])
    expect(done.returncode == 0, f"curl: {done.stderr.decode()}")
    expect(done.stdout == PAGE, f"curl got {done.stdout!r}")
    agreed = [line for line in done.stderr.decode().splitlines() if "SSL connection using" in line]
    say("curl", f"{agreed[0].removeprefix('* SSL connection using ')}, verified the chain, got the page")


def python_client(root: Identity, port: int) -> None:
    """Connect with Python's own `ssl`."""
    context = ssl.create_default_context(cafile=str(root.cert_file))
    with (
        socket.create_connection(("127.0.0.1", port)) as transport,
        context.wrap_socket(transport, server_hostname="localhost") as connection,
    ):
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while data := connection.recv(4096):
            answer += data
        expect(answer.endswith(PAGE), f"Python's ssl got {answer!r}")
        cipher = connection.cipher()
        say("Python ssl", f"{connection.version()}, {cipher and cipher[0]}, verified the chain, got the page")
        connection.unwrap()


def bulk_client(context: SSL.Context, port: int) -> None:
    """Move 64 MiB each way at once."""
    expected_digest()  # Made now, so that it is not timed.
    connection = connect(context, port)
    connection.sendall(b"BULK\n")
    start = time.perf_counter()
    bulk(connection)
    seconds = time.perf_counter() - start
    expect_closed(connection)
    finish(connection)
    rate = 2 * (BLOCKS << 20) / 1e6 / seconds
    say("bulk", f"{BLOCKS} MiB each way at once on one connection in {seconds:.2f} s: {rate:.0f} MB/s, digests agree")


def resumption(root: Identity, port: int) -> None:
    """Take up the session of an earlier connection, in both versions."""
    for name, version in (("TLSv1.2", SSL.TLS1_2_VERSION), ("TLSv1.3", SSL.TLS1_3_VERSION)):
        context = client_context(root)
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        connection = connect(context, port)
        expect(not connection.session_reused(), "the first handshake resumed a session")
        expect(fetch(connection).endswith(PAGE), "not the page")
        session = connection.get_session()
        finish(connection)
        connection = connect(context, port, session)
        expect(connection.session_reused(), f"the session was not resumed in {name}")
        expect(connection.get_protocol_version_name() == name, f"not {name}")
        expect(fetch(connection).endswith(PAGE), "not the page")
        finish(connection)
        say("resumption", f"{name}: a second connection resumed the first one's session")


def with_asyncio(server_context: SSL.Context, root: Identity) -> None:
    """Serve with asyncio, for many clients at once: ours, and one of asyncio's own TLS."""
    count, text = 200, b"a line over TLS\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()
        await writer.wait_closed()

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        expect(await reader.read() == text, "asyncio: not the line that was sent")
        writer.close()
        await writer.wait_closed()

    async def talk() -> None:
        server = await aio.start_server(serve, "127.0.0.1", 0, context=server_context)
        async with server:
            port = server.sockets[0].getsockname()[1]
            context = client_context(root)
            # The name is compared with the certificate's.
            streams = [aio.open_connection("localhost", port, context=context) for _ in range(count)]
            await asyncio.gather(*(ask(*pair) for pair in await asyncio.gather(*streams)))
            theirs = ssl.create_default_context(cafile=str(root.cert_file))
            await ask(*await asyncio.open_connection("localhost", port, ssl=theirs))

    start = time.perf_counter()
    asyncio.run(talk())
    seconds = time.perf_counter() - start
    say("asyncio", f"{count} clients at once in {seconds:.2f} s, names verified, and one of asyncio's own TLS")


class InMemory:
    """A transport in Python: what one end sends, the other one receives. It has no descriptor."""

    def __init__(self, incoming: "queue.SimpleQueue[bytes]", outgoing: "queue.SimpleQueue[bytes]") -> None:
        self.outgoing = outgoing
        self.bytes_sent = 0
        self._incoming = incoming
        self._left = b""

    def recv(self, size: int) -> bytes:
        """Receive at most so many bytes."""
        self._left = self._left or self._incoming.get(timeout=60)
        data, self._left = self._left[:size], self._left[size:]
        return data

    def send(self, data: bytes) -> int:
        """Send it all."""
        self.outgoing.put(data)
        self.bytes_sent += len(data)
        return len(data)


def through_python(server_context: SSL.Context, root: Identity) -> None:
    """Talk through Python objects, and through TLS that goes through them."""
    there: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    back: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    ends = [InMemory(back, there), InMemory(there, back)]
    outer = [
        SSL.Connection(context, end) for context, end in zip((client_context(root), server_context), ends, strict=True)
    ]
    inner = [SSL.Connection(end.get_context(), end) for end in outer]
    for client, server in (outer, inner):
        client.set_connect_state()
        server.set_accept_state()
    serving = threading.Thread(target=lambda: inner[1].sendall(inner[1].recv(100).upper()), daemon=True)
    serving.start()
    inner[0].sendall(b"a question")
    expect(inner[0].recv(100) == b"A QUESTION", "through Python: not the answer")
    serving.join(60)
    protocols = " inside ".join(end.get_protocol_version_name() for end in (inner[0], outer[0]))
    say("transport", f"{protocols} through Python objects: {sum(end.bytes_sent for end in ends)} bytes for 20")


def wrong_ca(other: Identity, server: Server) -> None:
    """See that a client that trusts somebody else refuses the server."""
    try:
        connect(client_context(other), server.port)
    except SSL.Error as error:
        reasons = [reason for _, _, reason in error.args[0]]
        expect("certificate verify failed" in reasons, f"refused, but because of {reasons}")
        say("wrong CA", f"our client, which trusts another root, refused: {reasons[-1]}")
    else:
        raise Unexpected("a client that trusts another root accepted the server")


def demonstrate(directory: Path) -> None:
    """Do it all."""
    say("package", f"OpenSSL {OpenSSL.__version__} on {SSL.OpenSSL_version(SSL.OPENSSL_VERSION).decode()}")
    root = make_ca("root", directory)
    usage = (b"keyUsage", True, b"keyCertSign, cRLSign")
    intermediate = make("intermediate", directory, root, [(b"basicConstraints", True, b"CA:TRUE, pathlen:0"), usage])
    names = (b"subjectAltName", False, b"DNS:localhost, IP:127.0.0.1")
    purpose = (b"extendedKeyUsage", False, b"serverAuth")
    leaf = make("localhost", directory, intermediate, [(b"basicConstraints", True, b"CA:FALSE"), names, purpose])
    other = make_ca("other root", directory)
    try:
        crypto.load_privatekey(crypto.FILETYPE_PEM, leaf.key_file.read_bytes(), b"not the passphrase")
    except crypto.Error:
        say("passphrase", "a wrong one is refused")
    else:
        raise Unexpected("a wrong passphrase opened the key")

    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(leaf.certificate)
    context.use_privatekey(leaf.key)
    context.add_extra_chain_cert(intermediate.certificate)
    context.check_privatekey()
    context.set_session_id(b"demo")
    server = Server(context)
    say("server", f"listens on 127.0.0.1, port {server.port}")
    our_client(client_context(root), server.port)
    openssl_client(root, server.port)
    curl_client(root, server.port)
    python_client(root, server.port)
    bulk_client(client_context(root), server.port)
    resumption(root, server.port)
    with_asyncio(context, root)
    through_python(context, root)
    expect(not server.refusals, f"the server saw errors: {server.refusals}")
    wrong_ca(other, server)
    server.stop()
    alerts = [reason for error in server.refusals for _, _, reason in error.args[0]]
    expect(len(server.refusals) == 1, f"the server saw {server.refusals}")
    expect("unknown ca" in alerts[0], f"the server was told {alerts}")
    say("wrong CA", f"the server was told: {alerts[0]}")


def main() -> int:
    """Run the demonstration; returns the exit status."""
    with tempfile.TemporaryDirectory() as directory:
        try:
            demonstrate(Path(directory))
        except Unexpected as difference:
            print(f"FAILED: {difference}", file=sys.stderr)
            return 1
    say("done", "all as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
