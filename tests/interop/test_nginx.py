"""With nginx, as a server that asks for client certificates, and as a client: a proxy in front of a server of ours."""

import contextlib
import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import until
from tests.support.contexts import client_context, identify, server_context, trust
from tests.support.ports import free_port
from tests.support.programs import Running, running
from tests.support.service import serving

DATA = hashlib.shake_128(b"nginx").digest(1_000_000)
FACTS = "$ssl_protocol|$ssl_client_verify|$ssl_client_s_dn|$ssl_session_reused|$ssl_server_name"


@pytest.fixture(params=["rsa", "ec"])
def authority(request: pytest.FixtureRequest) -> Authority:
    """Give a CA of each kind of key."""
    return request.getfixturevalue(request.param)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@contextlib.contextmanager
def nginx(folder: Path, server: str) -> Iterator[tuple[Running, int]]:
    """Run nginx with this in its server block; gives it and its port. Everything that it writes goes to the folder."""
    port = free_port()
    (folder / "data").write_bytes(DATA)
    temporary = "\n".join(
        f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"""
        daemon off;
        master_process off;
        pid {folder}/pid;
        error_log stderr info;
        events {{ worker_connections 64; }}
        http {{
            access_log off;
            {temporary}
            root {folder};
            server {{
                listen 127.0.0.1:{port}{server}
            }}
        }}
        """
    )
    with running(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]) as process:
        until(lambda: listens(port))
        yield process, port


def tls_server(authority: Authority, version: str, verify: str = "off") -> str:
    return f""" ssl;
        ssl_certificate {authority.chain_file(authority.server)};
        ssl_certificate_key {authority.server.key_file};
        ssl_client_certificate {authority.root.cert_file};
        ssl_protocols {version};
        ssl_verify_client {verify};
        ssl_verify_depth 3;
        ssl_session_cache shared:sessions:1m;
        location /facts {{ return 200 "{FACTS}"; }}
    """


@contextlib.contextmanager
def connected(port: int, context: SSL.Context, session: SSL.Session | None = None) -> Iterator[SSL.Connection]:
    with SSL.Connection(context, socket.socket()) as client:
        client.connect(("127.0.0.1", port))
        client.set_tlsext_host_name(b"localhost")
        if session is not None:
            client.set_session(session)
        yield client


def get(client: SSL.Connection, path: str, *, last: bool = True) -> tuple[int, bytes]:
    """Fetch something over the connection, the last or not: status and content."""
    close = "Connection: close\r\n" * last
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{close}\r\n".encode())
    file = client.makefile("rb")
    status = int(file.readline().split()[1])
    length = 0
    while line := file.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    content = file.read(length)
    if last:
        # It ends cleanly.
        assert file.read() == b""
    return status, content


def test_a_server(authority: Authority, version: str, tmp_path: Path):
    with (
        nginx(tmp_path, tls_server(authority, version)) as (_, port),
        connected(port, client_context(authority)) as client,
    ):
        assert get(client, "/data", last=False) == (200, DATA)
        assert get(client, "/facts") == (200, f"{version}|NONE||.|localhost".encode())
        assert client.get_peer_certificate().digest("sha256") == authority.server.x509.digest("sha256")


def test_a_server_that_requires_a_certificate(authority: Authority, version: str, tmp_path: Path):
    context = client_context(authority)
    identify(context, authority, authority.client)
    with nginx(tmp_path, tls_server(authority, version, "on")) as (_, port):
        with connected(port, context) as client:
            assert get(client, "/facts") == (200, f"{version}|SUCCESS|CN=client,O=Throwaway|.|localhost".encode())
            assert [name.CN for name in client.get_client_ca_list()] == [authority.root.x509.get_subject().CN]
        with connected(port, client_context(authority)) as client:
            # It tells so in HTTP.
            status, content = get(client, "/facts")
            assert (status, b"No required SSL certificate was sent" in content) == (400, True)


def test_a_certificate_of_a_stranger(ec: Authority, stranger: Authority, version: str, tmp_path: Path):
    context = client_context(ec)
    identify(context, stranger, stranger.client)
    with nginx(tmp_path, tls_server(ec, version, "on")) as (_, port), connected(port, context) as client:
        status, content = get(client, "/facts")
        assert (status, b"The SSL certificate error" in content) == (400, True)


def test_a_certificate_on_a_connection(ec: Authority, version: str, tmp_path: Path):
    # Not the context has it, but this connection.
    context = client_context(ec)
    context.add_extra_chain_cert(ec.intermediate.x509)
    with nginx(tmp_path, tls_server(ec, version, "optional")) as (_, port):
        with connected(port, context) as client:
            client.use_certificate(ec.client.x509)
            client.use_privatekey(ec.client.pkey)
            assert b"|SUCCESS|" in get(client, "/facts")[1]
        with connected(port, context) as client:
            assert b"|NONE|" in get(client, "/facts")[1]


def test_a_session_is_resumed(ec: Authority, version: str, tmp_path: Path):
    with nginx(tmp_path, tls_server(ec, version)) as (_, port):
        context = client_context(ec)
        session = None
        for expected in (b".", b"r", b"r"):
            with connected(port, context, session) as client:
                assert get(client, "/facts")[1].split(b"|")[3] == expected
                session = client.get_session()


def test_an_unknown_ca(ec: Authority, stranger: Authority, version: str, tmp_path: Path):
    with (
        nginx(tmp_path, tls_server(ec, version)) as (server, port),
        connected(port, client_context(stranger)) as client,
    ):
        with pytest.raises(SSL.Error) as caught:
            client.do_handshake()
        assert caught.value.args[0][0][2] == "certificate verify failed"
        server.wait_for(b"unknown ca")


def proxy(authority: Authority, version: str, upstream: int, root: str) -> str:
    return f""";
        location / {{
            proxy_pass https://127.0.0.1:{upstream};
            proxy_ssl_protocols {version};
            proxy_ssl_certificate {authority.chain_file(authority.client)};
            proxy_ssl_certificate_key {authority.client.key_file};
            proxy_ssl_trusted_certificate {root};
            proxy_ssl_verify on;
            proxy_ssl_verify_depth 3;
            proxy_ssl_name localhost;
            proxy_ssl_server_name on;
        }}
    """


def fetch(port: int) -> bytes:
    """Fetch something in the clear; all that comes."""
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with plain.makefile("rb") as file:
            return file.read()


def test_a_client(authority: Authority, version: str, tmp_path: Path):
    context = server_context(authority)
    trust(context, authority)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)

    def serve(connection: SSL.Connection) -> tuple[bytes | None, str, str]:
        with connection.makefile("rwb") as file:
            while file.readline().strip():
                pass
            file.write(b"HTTP/1.0 200 OK\r\n\r\n" + DATA)
        connection.shutdown()
        client = connection.get_peer_certificate()
        return connection.get_servername(), client.get_subject().CN, connection.get_protocol_version_name()

    with (
        serving(context, serve) as service,
        nginx(tmp_path, proxy(authority, version, service.port, authority.root.cert_file)) as (_, port),
    ):
        head, _, body = fetch(port).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert body == DATA
        assert service.result() == (b"localhost", "client", version)


def test_a_client_that_does_not_trust_us(ec: Authority, stranger: Authority, version: str, tmp_path: Path):
    with (
        serving(server_context(ec), lambda connection: connection.recv(1)) as service,
        nginx(tmp_path, proxy(ec, version, service.port, stranger.root.cert_file)) as (server, port),
    ):
        assert fetch(port).startswith(b"HTTP/1.1 502 ")
        server.wait_for(b"upstream SSL certificate verify error")
        with pytest.raises(SSL.Error):
            service.result()
