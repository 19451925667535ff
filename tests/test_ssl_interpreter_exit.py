"""What becomes of connections when the interpreter ends, with threads in the middle of things: it just ends."""

import re
import subprocess
import sys

import pytest

from tests.support.authority import Authority

PREAMBLE = """
import atexit, socket, sys, threading, time
from OpenSSL import SSL

server_context = SSL.Context(SSL.TLS_METHOD)
server_context.use_certificate_chain_file({chain!r})
server_context.use_privatekey_file({key!r})
client_context = SSL.Context(SSL.TLS_METHOD)
client_context.load_verify_locations({root!r})
client_context.set_verify(SSL.VERIFY_PEER)
kept = []

def connected():
    one, other = socket.socketpair()
    client, server = SSL.Connection(client_context, one), SSL.Connection(server_context, other)
    client.set_connect_state()
    server.set_accept_state()
    thread = threading.Thread(target=server.do_handshake)
    thread.start()
    client.do_handshake()
    thread.join()
    kept.append((client, server))
    return client, server

def in_background(function, *arguments):
    threading.Thread(target=function, args=arguments, daemon=True).start()

def handshakes():
    while True:
        shake_hands_once()

def shake_hands_once():
    client, server = SSL.Connection(client_context, None), SSL.Connection(server_context, None)
    client.set_connect_state()
    server.set_accept_state()
    for one, other in ((client, server), (server, client)) * 4:
        try:
            one.do_handshake()
        except SSL.WantReadError:
            pass
        try:
            other.bio_write(one.bio_read(65536))
        except SSL.WantReadError:
            pass

class Late:
    # Keeps the end busy, and lets other threads run.
    def __del__(self):
        for _ in range(20):
            time.sleep(0.005)
"""

SCRIPTS = {
    "threads that receive": """
for _ in range(4):
    client, server = connected()
    in_background(client.recv, 10)
time.sleep(0.1)
""",
    "threads that send": """
for _ in range(4):
    client, server = connected()
    in_background(client.sendall, bytes(1 << 26))
time.sleep(0.1)
""",
    "threads that wait for each other": """
client, server = connected()
for _ in range(4):
    in_background(client.recv, 10)
    in_background(client.sendall, bytes(1 << 24))
time.sleep(0.1)
""",
    "threads that talk": """
def talk(connection, first):
    if first:
        connection.send(b"ball")
    while True:
        connection.send(connection.recv(100))

for _ in range(3):
    client, server = connected()
    in_background(talk, client, True)
    in_background(talk, server, False)
sys.late = Late()
time.sleep(0.1)
""",
    "threads in callbacks": """
def verify(connection, certificate, error, depth, passed):
    total = 0
    for number in range(10**5):
        total += number
    return bool(passed)

client_context.set_verify(SSL.VERIFY_PEER, verify)
for _ in range(4):
    in_background(handshakes)
sys.late = Late()
time.sleep(0.2)
""",
    "threads in callbacks that wait": """
def info(connection, where, value):
    time.sleep(0.002)

client_context.set_info_callback(info)
client_context.set_keylog_callback(lambda connection, line: time.sleep(0.002))
server_context.set_tlsext_servername_callback(lambda connection: time.sleep(0.002))
for _ in range(4):
    in_background(handshakes)
sys.late = Late()
time.sleep(0.2)
""",
    "threads in passphrase callbacks": """
from OpenSSL import crypto

key = open({key!r}, "rb").read()
plain = crypto.load_privatekey(crypto.FILETYPE_PEM, key)
encrypted = crypto.dump_privatekey(crypto.FILETYPE_PEM, plain, "aes-128-cbc", b"x")

def passphrase(*arguments):
    for number in range(10**6):
        pass
    return b"x"

def load():
    while True:
        crypto.load_privatekey(crypto.FILETYPE_PEM, encrypted, passphrase)

for _ in range(4):
    in_background(load)
sys.late = Late()
time.sleep(0.1)
""",
    "a thread that accepts": """
listening = socket.create_server(("127.0.0.1", 0))
listener = SSL.Connection(server_context, listening)
in_background(lambda: [listener.accept() for _ in range(1000)])

class Visitor:
    def __del__(self):
        for _ in range(10):
            socket.create_connection(listening.getsockname()).close()
            time.sleep(0.005)

sys.visitor = Visitor()
time.sleep(0.1)
""",
    "threads in transports": """
class Slow:
    def __init__(self, socket):
        self.socket = socket

    def recv(self, size):
        for number in range(20000):
            pass
        return self.socket.recv(size)

    def send(self, data):
        for number in range(20000):
            pass
        return self.socket.send(data)

def talk():
    while True:
        one, other = socket.socketpair()
        client, server = SSL.Connection(client_context, Slow(one)), SSL.Connection(server_context, Slow(other))
        client.set_connect_state()
        server.set_accept_state()
        try:
            in_background(shake, server)
        except RuntimeError:
            # From Python 3.12 on, no thread begins at the interpreter's end.
            return
        client.do_handshake()

def shake(server):
    try:
        server.do_handshake()
    except BrokenPipeError:
        # The client was done, and is gone.
        pass

for _ in range(2):
    in_background(talk)
sys.late = Late()
time.sleep(0.2)
""",
    "threads that end what is below": """
class Slow:
    def __init__(self):
        self.one, self.other = socket.socketpair()
        self.recv, self.send = self.one.recv, self.one.send

    def wait(self, *arguments):
        for _ in range(30):
            time.sleep(0.01)

    close = shutdown = wait

def end():
    while True:
        with SSL.Connection(client_context, Slow()) as connection:
            connection.sock_shutdown(socket.SHUT_RDWR)

for _ in range(4):
    in_background(end)
sys.late = Late()
time.sleep(0.1)
""",
    "a thread that connects": """
class Slow:
    def __init__(self):
        self.one, self.other = socket.socketpair()
        self.recv, self.send = self.one.recv, self.one.send

    def connect(self, address):
        for _ in range(4):
            time.sleep(0.01)

def connect():
    while True:
        SSL.Connection(client_context, Slow()).connect(1)

in_background(connect)
sys.late = Late()
time.sleep(0.1)
""",
    "files that were not flushed": """
client, server = connected()
file = client.makefile("wb")
file.write(b"not sent yet")
text = server.makefile("rw", encoding="utf-8")
""",
    "objects that hold each other": """
client, server = connected()
client.set_app_data((client, server))
server.myself = server
client_context.set_app_data(client)
client_context.set_info_callback(lambda connection, where, value: client_context)
""",
    "work at the end": """
client, server = connected()

class Last:
    def __del__(self):
        client.send(b"from a destructor")
        server.recv(100)
        client.shutdown()

last = Last()
atexit.register(lambda: (client.send(b"at exit"), server.recv(100)))
atexit.register(shake_hands_once)
""",
    "an exception": """
client, server = connected()
with client:
    in_background(client.recv, 10)
    time.sleep(0.05)
    sys.exit(0)
""",
}

# From Python 3.13 on, a file that is collected says why what it still had could not be written: the peer is gone.
NOT_FLUSHED = re.compile(
    rb"Exception ignored in: <_io\.[^\n]*\n(?:[^\n]*\n)*?OpenSSL\.SSL\.SysCallError: \(32, [^\n]*\n"
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_interpreter_just_ends(ec: Authority, name: str):
    files = {"chain": ec.chain_file(ec.server), "key": ec.server.key_file, "root": ec.root.cert_file}
    script = PREAMBLE + SCRIPTS[name]
    for kind, file in files.items():
        script = script.replace(f"{{{kind}!r}}", repr(file))
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=50, check=False)
        said = done.stderr
        if name == "files that were not flushed" and sys.version_info >= (3, 13):
            said = NOT_FLUSHED.sub(b"", said)
        assert (done.returncode, done.stdout, said) == (0, b"", b"")
