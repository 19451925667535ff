"""With curl as the client of a server of ours that speaks a little HTTP."""

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import server_context, trust
from tests.support.programs import run
from tests.support.service import serving, until_closed

LIMITS = {
    "TLSv1.2": ["--tlsv1.2", "--tls-max", "1.2"],
    "TLSv1.3": ["--tlsv1.3", "--tls-max", "1.3"],
}


def curl(port: int, version: str, root: str, *options: str) -> "subprocess.CompletedProcess[bytes]":
    """Fetch https://localhost/, whose name is resolved to loopback."""
    place = ["--resolve", f"localhost:{port}:127.0.0.1", f"https://localhost:{port}/"]
    return run(["curl", "--silent", "--show-error", "--cacert", root, *LIMITS[version], *options, *place])


Answer = Callable[[SSL.Connection, bytes], bytes]


def http(answer: Answer) -> Callable[[SSL.Connection], bytes]:
    """Make a server of one request; it returns the request's body, once curl has closed the connection."""

    def serve(connection: SSL.Connection) -> bytes:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        head, _, body = received.partition(b"\r\n\r\n")
        size = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        while len(body) < size:
            body += connection.recv(65536)
        content = answer(connection, body)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(content))
        connection.sendall(content)
        connection.shutdown()
        assert until_closed(connection) == b""
        assert connection.get_shutdown() == SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN
        return body

    return serve


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_page(request: pytest.FixtureRequest, kind: str, version: str):
    authority: Authority = request.getfixturevalue(kind)

    def answer(connection: SSL.Connection, body: bytes) -> bytes:
        return connection.get_protocol_version_name().encode()

    with serving(server_context(authority), http(answer)) as service:
        done = curl(service.port, version, authority.root.cert_file)
        assert done.stderr == b""
        assert (done.returncode, done.stdout) == (0, version.encode())
        assert service.result() == b""


def test_much_data_both_ways(ec: Authority, version: str, tmp_path: Path):
    data = hashlib.shake_128(b"upload").digest(3_000_000)
    upload = tmp_path / "upload"
    upload.write_bytes(data)

    with serving(server_context(ec), http(lambda connection, body: body[::-1])) as service:
        options = ["--data-binary", f"@{upload}", "--header", "Expect:"]
        done = curl(service.port, version, ec.root.cert_file, *options)
        assert done.returncode == 0, done.stderr
        assert done.stdout == data[::-1]
        assert service.result() == data


def test_a_client_certificate(ec: Authority, version: str):
    server = server_context(ec)
    trust(server, ec)
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)

    def answer(connection: SSL.Connection, body: bytes) -> bytes:
        certificate = connection.get_peer_certificate()
        assert certificate is not None
        return str(certificate.get_subject().CN).encode()

    with serving(server, http(answer)) as service:
        options = ["--cert", ec.chain_file(ec.client), "--key", ec.client.key_file]
        done = curl(service.port, version, ec.root.cert_file, *options)
        assert (done.returncode, done.stdout) == (0, b"client"), done.stderr
        service.result()


def test_an_unknown_ca(ec: Authority, rsa: Authority, version: str):
    with serving(server_context(ec), http(lambda connection, body: b"never sent")) as service:
        done = curl(service.port, version, rsa.root.cert_file)
        # 60: the peer's certificate cannot be authenticated with known CA certificates.
        assert done.returncode == 60
        assert done.stdout == b""
        with pytest.raises(SSL.Error) as caught:
            service.result()
        assert any("unknown ca" in reason for _, _, reason in caught.value.args[0])
