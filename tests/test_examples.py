"""The programs in examples/, each run as its first lines say, against real peers where there are some."""

import contextlib
import http.client
import http.server
import re
import socket
import ssl
import subprocess
import sys
import threading
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.background import PATIENCE
from tests.support.ports import free_port
from tests.support.programs import Running, run, running

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def example(name: str, *arguments: str | Path) -> list[str]:
    """The command that runs an example."""
    return [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), *map(str, arguments)]


def output(name: str, *arguments: str | Path, stdin: bytes = b"") -> str:
    """What an example prints, which must succeed and have nothing to complain about."""
    done = run(example(name, *arguments), stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@contextlib.contextmanager
def serving(name: str, *arguments: str | Path) -> Iterator[tuple[int, Running]]:
    """Run an example that is a server; gives its port."""
    with running(example(name, "--port", "0", *arguments)) as server:
        server.wait_for(b"listening on ")
        server.wait_for(b"\n")
        port = re.search(rb"listening on (\d+)", server.output)
        assert port is not None
        yield int(port[1]), server


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What make_authority.py makes."""
    folder = tmp_path_factory.mktemp("certs")
    servers = ("--server", "server", "--server", "one.example", "--server", "two.example")
    output("make_authority", "--directory", folder, *servers)
    return folder


def trusting(certs: Path) -> ssl.SSLContext:
    """A client of the standard library that trusts the examples' authority."""
    return ssl.create_default_context(cafile=certs / "ca.pem")


class Backend(http.server.BaseHTTPRequestHandler):
    """A plain HTTP server."""

    def do_GET(self) -> None:
        """Answer with the path."""
        page = f"page {self.path}".encode() * 10_000
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def backend() -> Iterator[int]:
    """The port of a plain HTTP server."""
    with http.server.ThreadingHTTPServer(("localhost", 0), Backend) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_every_example_says_how_to_run_it():
    for path in EXAMPLES.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert f"examples/{path.name}" in text.split('"""')[1], path.name
        assert f"`{path.name}`" in (EXAMPLES / "README.md").read_text(encoding="utf-8"), path.name


class TestCertificates:
    def test_generator(self, tmp_path: Path):
        names = ("--alternative", "127.0.0.1", "--alternative", "other.example")
        printed = output("make_certificate", "www.example", *names, "--directory", tmp_path, "--days", "2")
        assert re.fullmatch(r".*www\.example\.pem: ([0-9A-F]{2}:){31}[0-9A-F]{2}\n", printed)
        certificate = tmp_path / "www.example.pem"
        checked = run(["openssl", "verify", "-x509_strict", "-CAfile", str(certificate), str(certificate)])
        assert checked.returncode == 0, checked.stderr
        text = run(["openssl", "x509", "-in", str(certificate), "-noout", "-text"]).stdout.decode()
        assert "DNS:www.example, IP Address:127.0.0.1, DNS:other.example" in text
        key = tmp_path / "www.example.key.pem"
        assert key.stat().st_mode & 0o777 == 0o600
        assert run(["openssl", "rsa", "-in", str(key), "-check", "-noout"]).stdout == b"RSA key ok\n"

    def test_authority(self, certs: Path):
        assert {path.name for path in certs.glob("*.pem")} == {
            f"{name}{suffix}"
            for name in ("ca", "server", "client", "one.example", "two.example")
            for suffix in (".pem", ".key.pem")
        }
        for name, purpose in (("server", "sslserver"), ("client", "sslclient")):
            command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", str(certs / "ca.pem")]
            checked = run([*command, str(certs / f"{name}.pem")])
            assert checked.returncode == 0, checked.stderr
        refused = run([*command[:4], "sslserver", *command[5:], str(certs / "client.pem")])
        assert refused.returncode != 0


class TestEcho:
    def test_client_and_server(self, certs: Path):
        with serving("echo_server", "--certs", certs) as (port, server):
            for lines in (b"one\n", b"one\ntwo\n" + b"x" * 100_000 + b"\n"):
                printed = output("echo_client", "--certs", certs, "--port", str(port), stdin=lines)
                assert printed.encode() == lines
            server.wait_for(b"client has gone\nclient has come, from 127.0.0.1\nclient has gone")

    def test_many_clients_at_once(self, certs: Path):
        context = trusting(certs)
        context.load_cert_chain(certs / "client.pem", certs / "client.key.pem")
        with serving("echo_server", "--certs", certs) as (port, _), contextlib.ExitStack() as stack:
            silent = stack.enter_context(socket.create_connection(("localhost", port), PATIENCE))
            clients = []
            for _ in range(10):
                plain = socket.create_connection(("localhost", port), PATIENCE)
                clients.append(stack.enter_context(context.wrap_socket(plain, server_hostname="localhost")))
            data = bytes(range(256)) * 400
            for client in clients:
                client.sendall(data)
            for client in reversed(clients):
                received = bytearray()
                while len(received) < len(data):
                    received += client.recv(65536)
                assert received == data
            silent.sendall(b"this is no TLS\n")
            with contextlib.suppress(ConnectionResetError):
                assert silent.recv(100)[:1] in (b"\x15", b"")

    def test_a_client_without_a_certificate(self, certs: Path):
        with serving("echo_server", "--certs", certs) as (port, server):
            plain = socket.create_connection(("localhost", port), PATIENCE)
            client = trusting(certs).wrap_socket(plain, server_hostname="localhost")
            # With TLS 1.3 the client is through with its handshake before the server refuses it.
            with client, pytest.raises((ssl.SSLError, ConnectionError)):
                client.recv(1)
            server.wait_for(b"peer did not return a certificate")


class TestProxies:
    def test_https_in_front_of_http(self, certs: Path, backend: int):
        with serving("tls_proxy", "--certs", certs, "--backend", f"localhost:{backend}") as (port, _):
            for path in ("/a", "/b"):
                connection = http.client.HTTPSConnection("localhost", port, context=trusting(certs), timeout=PATIENCE)
                connection.request("GET", path)
                assert connection.getresponse().read() == f"page {path}".encode() * 10_000
                connection.close()
            command = ["curl", "--silent", "--show-error", "--cacert", str(certs / "ca.pem")]
            fetched = run([*command, f"https://localhost:{port}/curl"])
            assert fetched.stdout == b"page /curl" * 10_000, fetched.stderr

    def test_https_without_a_server_behind(self, certs: Path):
        with serving("tls_proxy", "--certs", certs, "--backend", f"localhost:{free_port()}") as (port, server):
            plain = socket.create_connection(("localhost", port), PATIENCE)
            with trusting(certs).wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=True) as client:
                assert client.recv(1) == b""
            server.wait_for(b"refused: ")

    def test_a_client_through_a_proxy(self, certs: Path, backend: int):
        with (
            serving("tls_proxy", "--certs", certs, "--backend", f"localhost:{backend}") as (port, _),
            connect_proxy() as proxy,
        ):
            arguments = ("--proxy", f"localhost:{proxy}", "--ca", certs / "ca.pem", "--path", "/deep")
            page = output("through_proxy", f"localhost:{port}", *arguments)
            assert page.endswith("page /deep" * 10_000)
            refused = run(example("through_proxy", f"127.0.0.2:{port}", *arguments))
            assert b"hostname mismatch" in refused.stderr or b"certificate verify failed" in refused.stderr
            assert refused.returncode != 0


@contextlib.contextmanager
def connect_proxy() -> Iterator[int]:
    """A proxy that makes tunnels to localhost, whatever host is asked for."""

    def pipe(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def tunnel(client: socket.socket) -> None:
        with client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            method, target, _ = head.split(b" ", 2)
            assert method == b"CONNECT"
            with socket.create_connection(("localhost", int(target.rpartition(b":")[2]))) as server:
                client.sendall(b"HTTP/1.1 200 Go ahead\r\nX-More: lines\r\n\r\n")
                back = threading.Thread(target=pipe, args=(server, client), daemon=True)
                back.start()
                pipe(client, server)
                back.join(PATIENCE)

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=tunnel, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("localhost", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


class TestXmlrpc:
    def test_client_and_server(self, certs: Path):
        with serving("xmlrpc_server", "--certs", certs) as (port, _):
            for _ in range(2):
                printed = output("xmlrpc_client", "--certs", certs, "--port", str(port), "1", "2", "3.5")
                methods, total, reverse = printed.splitlines()
                assert "system.listMethods" in methods
                assert total == "1 + 2 + 3.5 = 6.5"
                assert reverse == "CPR-LMX revo SLT"

    def test_the_standard_librarys_client(self, certs: Path):
        with serving("xmlrpc_server", "--certs", certs) as (port, server):
            with xmlrpc.client.ServerProxy(f"https://localhost:{port}", context=trusting(certs)) as proxy:
                assert proxy.add(20, 22) == 42
                assert proxy.reverse("x" * 100_000) == "x" * 100_000
                with pytest.raises(xmlrpc.client.Fault):
                    proxy.no_such_method()
            with pytest.raises(ssl.SSLCertVerificationError):
                xmlrpc.client.ServerProxy(f"https://localhost:{port}").add(1)
            server.wait_for(b"unknown ca")


class TestNames:
    @pytest.mark.parametrize("name", ["one.example", "two.example", "TWO.example"])
    def test_the_name_asked_for(self, certs: Path, name: str):
        with serving("sni_server", "--certs", certs, "one.example", "two.example") as (port, _):
            plain = socket.create_connection(("localhost", port), PATIENCE)
            with trusting(certs).wrap_socket(plain, server_hostname=name) as client:
                assert client.recv(100) == f"this is {name.lower()}\n".encode()
                assert client.recv(100) == b""

    def test_no_name_and_other_names(self, certs: Path):
        with serving("sni_server", "--certs", certs, "one.example", "two.example") as (port, server):
            lenient = trusting(certs)
            lenient.check_hostname = False
            plain = socket.create_connection(("localhost", port), PATIENCE)
            with lenient.wrap_socket(plain) as client:
                assert client.recv(100) == b"this is one.example\n"
            plain = socket.create_connection(("localhost", port), PATIENCE)
            with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
                lenient.wrap_socket(plain, server_hostname="three.example")
            plain.close()
            server.wait_for(b"refused: ")
            plain = socket.create_connection(("localhost", port), PATIENCE)
            with lenient.wrap_socket(plain, server_hostname="two.example") as client:
                assert client.recv(100) == b"this is two.example\n"


class TestTickets:
    @pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
    def test_sessions_are_resumed(self, certs: Path, version: str):
        port = str(free_port())
        files = ["-cert", str(certs / "server.pem"), "-key", str(certs / "server.key.pem")]
        with running(["openssl", "s_server", "-accept", port, *files, version, "-www"]) as server:
            server.wait_for(b"ACCEPT")
            printed = output("session_tickets", "--ca", certs / "ca.pem", "--port", port, "--times", "3")
        kinds = [line.split(" ")[0] for line in printed.splitlines()]
        assert kinds == ["full", "resumed", "resumed"]


def test_demo_names_every_step_that_it_makes():
    done = subprocess.run(example("demo"), capture_output=True, text=True, timeout=PATIENCE * 2, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
