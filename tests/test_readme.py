"""README.md: its programs run as they stand, and its commands are there."""

import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.support.ports import free_port
from tests.support.rows import rows

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
# The port in the text; the tests take a free one in its place.
PORT = "4433"
PATIENCE = 20


def run(program: str, folder: Path) -> str:
    """The output of a program that must succeed."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, check=True, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.stderr == ""
    return done.stdout


def wait_until_listening(server: subprocess.Popen[bytes]) -> None:
    """Return when the server has a listening socket, without connecting to it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server has ended"
        if any(found.status == psutil.CONN_LISTEN for found in psutil.Process(server.pid).net_connections()):
            return
        time.sleep(0.02)
    pytest.fail("the server does not listen")


def test_programs_run_as_they_stand(tmp_path: Path) -> None:
    certificate, server, client, asynchronous = PROGRAMS
    number = free_port()
    port = str(number)
    assert server.count(PORT) == client.count(PORT) == asynchronous.count(PORT) == 1
    run(certificate, tmp_path)
    with subprocess.Popen([sys.executable, "-c", server.replace(PORT, port)], cwd=tmp_path) as process:
        try:
            wait_until_listening(process)
            # The server goes on after a client, also after one that leaves at once or speaks something else.
            for said in (b"", b"GET / HTTP/1.1\r\n\r\n"):
                with socket.create_connection(("localhost", number)) as bad:
                    bad.sendall(said)
                assert run(client.replace(PORT, port), tmp_path) == "TLSv1.3 Hello, world\n"
                assert run(asynchronous.replace(PORT, port), tmp_path) == "Hello, world\n"
        finally:
            process.kill()


def test_server_and_client_are_about_ten_lines() -> None:
    for program in PROGRAMS[1:]:
        assert len([line for line in program.splitlines() if line]) <= 12


@rows(7)
def test_commands_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = set(re.findall(r"(?:`|^    )make ([a-z-]+)", README, re.MULTILINE))
    assert {"demo", "test"} <= commands <= targets


def test_papers_are_there() -> None:
    named = set(re.findall(r"\b([A-Z]+\.md)\b", README))
    assert named >= {"ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"}
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_place_of_the_benchmark_table_is_marked() -> None:
    assert README.count("<!-- bench:start -->") == README.count("<!-- bench:end -->") == 1
    assert README.index("<!-- bench:start -->") < README.index("<!-- bench:end -->")
