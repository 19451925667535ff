"""A program as it was written when the manual was: makes an authority, a request, certificates, and talks TLS.

It uses what the manual has and nothing newer, the old names included.
"""

import select
import socket
from pathlib import Path

from OpenSSL import SSL, crypto, rand, tsafe

from tests.support.background import Background
from tests.support.rows import rows


def create_key_pair(kind: int, bits: int) -> crypto.PKey:
    """Make a pair of keys."""
    key = crypto.PKey()
    key.generate_key(kind, bits)
    return key


def create_request(key: crypto.PKey, digest: str = "sha256", **name: str) -> crypto.X509Req:
    """Ask for a certificate."""
    request = crypto.X509Req()
    subject = request.get_subject()
    for component, value in name.items():
        setattr(subject, component, value)
    request.set_pubkey(key)
    request.sign(key, digest)
    return request


def create_certificate(
    request: crypto.X509Req, issuer: crypto.X509 | None, issuer_key: crypto.PKey, serial: int
) -> crypto.X509:
    """Answer a request, with a certificate that is good for an hour; without an issuer it signs itself."""
    certificate = crypto.X509()
    certificate.set_version(2)
    certificate.set_serial_number(serial)
    certificate.gmtime_adj_notBefore(0)
    certificate.gmtime_adj_notAfter(3600)
    certificate.set_issuer(request.get_subject() if issuer is None else issuer.get_subject())
    certificate.set_subject(request.get_subject())
    certificate.set_pubkey(request.get_pubkey())
    if issuer is None:
        certificate.add_extensions([crypto.X509Extension(b"basicConstraints", True, b"CA:TRUE")])
    certificate.sign(issuer_key, "sha256")
    return certificate


def make_files(folder: Path) -> None:
    """Make an authority, and a server and a client that have certificates of it, as files."""
    authority_key = create_key_pair(crypto.TYPE_RSA, 2048)
    authority = create_certificate(create_request(authority_key, CN="Authority"), None, authority_key, 0)
    (folder / "CA.cert").write_bytes(crypto.dump_certificate(crypto.FILETYPE_PEM, authority))
    for serial, name in enumerate(("server", "client"), 1):
        key = create_key_pair(crypto.TYPE_RSA, 2048)
        request = create_request(key, CN=name, O="Old programs", C="SE")
        assert request.verify(key)
        certificate = create_certificate(request, authority, authority_key, serial)
        (folder / f"{name}.pkey").write_bytes(crypto.dump_privatekey(crypto.FILETYPE_PEM, key))
        (folder / f"{name}.cert").write_bytes(crypto.dump_certificate(crypto.FILETYPE_PEM, certificate))


def make_context(folder: Path, name: str, seen: list[str]) -> SSL.Context:
    """Make the context of one side, which wants a certificate of the other."""

    def verify(connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, ok: int) -> int:
        seen.append(certificate.get_subject().CN)
        return ok

    context = SSL.Context(SSL.SSLv23_METHOD)
    context.set_options(SSL.OP_NO_SSLv2 | SSL.OP_NO_SSLv3)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verify)
    context.use_privatekey_file(str(folder / f"{name}.pkey"))
    context.use_certificate_file(str(folder / f"{name}.cert"))
    context.load_verify_locations(str(folder / "CA.cert"))
    return context


def serve(server: tsafe.Connection) -> list[bytes]:
    """Echo what the only client sends, over sockets that do not wait, until it closes; return what it was."""
    heard = []
    connection, _ = server.accept()
    connection.setblocking(0)
    try:
        while True:
            try:
                data = connection.recv(1024)
                heard.append(data)
                connection.send(data)
            except SSL.WantReadError:
                select.select([connection], [], [], 10)
    except SSL.ZeroReturnError:
        connection.shutdown()
        connection.close()
    return heard


@rows(5)
def test_goes_on_working(tmp_path: Path) -> None:
    rand.seed(b"what time it is")
    make_files(tmp_path)
    seen_by_server: list[str] = []
    seen_by_client: list[str] = []
    server_context = make_context(tmp_path, "server", seen_by_server)
    server_context.set_session_id(b"old programs")
    server = tsafe.Connection(server_context, socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    server.bind(("127.0.0.1", 0))
    server.listen(3)
    served = Background(lambda: serve(server))

    client_socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    client = SSL.Connection(make_context(tmp_path, "client", seen_by_client), client_socket)
    client.connect(server.getsockname())
    for line in (b"one line\n", b"another\n"):
        client.send(line)
        assert client.recv(1024) == line
    assert isinstance(client.get_peer_certificate(), crypto.X509Type)
    assert isinstance(client, SSL.ConnectionType)
    client.shutdown()
    assert served.result() == [b"one line\n", b"another\n"]
    client.close()
    server.close()
    assert seen_by_server[-1] == "client"
    assert seen_by_client[-1] == "server"
