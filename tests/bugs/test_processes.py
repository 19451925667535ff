"""Rules: after a fork each process has its own randomness and its own half; at its end the interpreter sends nothing.

Bug classes: fork with live connections; interpreter shutdown with live threads. The second has its long test in
tests/test_ssl_interpreter_exit.py; what the peer sees of it is here.
"""

import subprocess
import sys

import pytest

from tests.support.authority import Authority
from tests.test_ssl_interpreter_exit import PREAMBLE

FORKING = """
import os
from OpenSSL import rand

for context in (client_context, server_context):
    context.set_min_proto_version({version})
    context.set_max_proto_version({version})

def child(work):
    # Runs work in a child; its exit status is 0 if nothing was raised.
    number = os.fork()
    if number == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException as error:
            print("in the child:", repr(error), file=sys.stderr)
        os._exit(status)
    return number

def ended(number):
    assert os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == 0
"""

FORKS = {
    "a child that exits": """
client, server = connected()
number = child(lambda: None)
ended(number)
client.send(b"to the server")
assert server.recv(100) == b"to the server"
server.send(b"to the client")
assert client.recv(100) == b"to the client"
client.shutdown()
try:
    server.recv(1)
except SSL.ZeroReturnError:
    pass
else:
    raise AssertionError("no end")
""",
    "a child that ends as an interpreter does": """
client, server = connected()
number = os.fork()
if number == 0:
    sys.exit(0)
ended(number)
client.send(b"to the server")
assert server.recv(100) == b"to the server"
server.send(b"to the client")
assert client.recv(100) == b"to the client"
""",
    "a child that goes on": """
client, server = connected()
def work():
    client.send(b"from the child")
    assert client.recv(100) == b"to the child"
    client.shutdown()
number = child(work)
assert server.recv(100) == b"from the child"
server.send(b"to the child")
try:
    server.recv(100)
except SSL.ZeroReturnError:
    pass
else:
    raise AssertionError("no end")
ended(number)
""",
    "each with one of two": """
ours, theirs = connected(), connected()
def talk(pair):
    client, server = pair
    for number in range(100):
        client.send(b"%d" % number)
        assert server.recv(100) == b"%d" % number
        server.sendall(bytes(20000))
        got = 0
        while got < 20000:
            got += len(client.recv(20000))
number = child(lambda: talk(theirs))
talk(ours)
ended(number)
""",
    "handshakes on both sides": """
number = child(connected)
connected()
ended(number)
""",
    "threads that wait": """
# Not threads that work: OpenSSL's own locks, such as that of its random numbers, may be held by them at the fork.
client, server = connected()
receiving = threading.Thread(target=lambda: client.recv(100), daemon=True)
receiving.start()
_, deaf = connected()
sending = threading.Thread(target=lambda: deaf.sendall(bytes(1 << 24)), daemon=True)
sending.start()
time.sleep(0.1)
numbers = [child(connected) for _ in range(10)]
for number in numbers:
    ended(number)
server.send(b"still")
receiving.join(10)
assert not receiving.is_alive()
""",
    "a child that goes on where threads of its parent waited": """
reading, writing = os.pipe()
client, server = connected()
def become_a_daemon():
    server_socket.close()
    threading.Thread(target=lambda: client.recv(100), daemon=True).start()
    threading.Thread(target=lambda: client.sendall(bytes(1 << 24)), daemon=True).start()
    time.sleep(0.1)
    if os.fork():
        # The parent ends, with the threads.
        os._exit(0)
    time.sleep(0.1)
    got = client.recv(100)
    os.write(writing, got)
    # A part of a record is gone, nobody knows which one: what came after it would be taken for the rest.
    for send in (client.send, client.sendall):
        try:
            send(b"from the child")
        except SSL.Error as error:
            assert "another thread was sending" in str(error)
        else:
            raise AssertionError("something was sent")
server_socket = kept[-1][1]
ended(child(become_a_daemon))
time.sleep(0.1)
server.send(b"to the child")
assert os.read(reading, 100) == b"to the child"
""",
    "a child that goes on where many threads of its parent waited": """
# The memory of the threads that are gone is used for others.
reading, writing = os.pipe()
client, server = connected()
def become_a_daemon():
    for _ in range(10):
        threading.Thread(target=lambda: client.recv(100), daemon=True).start()
    time.sleep(0.2)
    if os.fork():
        os._exit(0)
    threads = [threading.Thread(target=time.sleep, args=(0.05,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(2):
        os.write(writing, client.recv(100))
ended(child(become_a_daemon))
for message in (b"the first", b"the second"):
    server.send(message)
    assert os.read(reading, 100) == message
""",
    "a child that goes on with two sockets": """
reading, writing = os.pipe()
ours = [socket.socketpair() for _ in range(2)]
client = SSL.Connection(client_context, ours[0][0], ours[1][0])
server = SSL.Connection(server_context, ours[1][1], ours[0][1])
client.set_connect_state()
server.set_accept_state()
shaking = threading.Thread(target=server.do_handshake)
shaking.start()
client.do_handshake()
shaking.join()
def become_a_daemon():
    threading.Thread(target=lambda: client.recv(100), daemon=True).start()
    time.sleep(0.1)
    if os.fork():
        os._exit(0)
    client.send(b"from the child")
    os.write(writing, client.recv(100))
number = child(become_a_daemon)
ended(number)
assert server.recv(100) == b"from the child"
server.send(b"to the child")
assert os.read(reading, 100) == b"to the child"
""",
    "a child that goes on where a thread of its parent had read a part of a record": """
reading, writing = os.pipe()
client_end, server_end = socket.socketpair()
client = SSL.Connection(client_context, client_end)
client.set_connect_state()
server = SSL.Connection(server_context, None)
server.set_accept_state()
def carry(serve):
    # The server is in memory: its records can be sent in parts.
    try:
        serve()
    except SSL.WantReadError:
        pass
    try:
        server_end.sendall(server.bio_read(1 << 16))
    except SSL.WantReadError:
        pass
shaking = threading.Thread(target=client.do_handshake)
shaking.start()
while shaking.is_alive():
    carry(server.do_handshake)
    if "SSL negotiation finished" not in server.get_state_string().decode():
        server.bio_write(server_end.recv(65536))
    else:
        break
shaking.join()
server.send(b"whole")
carry(lambda: None)
assert client.recv(100) == b"whole"
server.send(b"in two parts")
record = server.bio_read(1 << 16)
asked, answer = os.pipe()
def become_a_daemon():
    threading.Thread(target=lambda: client.recv(100), daemon=True).start()
    time.sleep(0.1)
    os.write(answer, b"waiting")
    time.sleep(0.2)
    if os.fork():
        os._exit(0)
    os.write(answer, b"forked!")
    os.write(writing, client.recv(100))
number = child(become_a_daemon)
assert os.read(asked, 7) == b"waiting"
server_end.sendall(record[:5])
assert os.read(asked, 7) == b"forked!"
ended(number)
server_end.sendall(record[5:])
assert os.read(reading, 100) == b"in two parts"
""",
    "two threads of a child send on one connection": """
client, server = connected()
def work():
    threads = [threading.Thread(target=client.sendall, args=(byte * (1 << 22),)) for byte in (b"A", b"B")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.shutdown()
number = child(work)
received = bytearray()
try:
    while True:
        received += server.recv(65536)
except SSL.ZeroReturnError:
    pass
assert (received.count(b"A"), received.count(b"B")) == (1 << 22, 1 << 22)
ended(number)
""",
    "a child that ends while a callback of its parent runs": """
inside, leave = threading.Event(), threading.Event()
def name(connection):
    inside.set()
    leave.wait()
server_context.set_tlsext_servername_callback(name)
thread = threading.Thread(target=shake_hands_once, daemon=True)
thread.start()
inside.wait()
number = os.fork()
if number == 0:
    begin = time.monotonic()
    # After the function that waits for such callbacks.
    atexit._run_exitfuncs()
    os._exit(time.monotonic() - begin > 2)
ended(number)
leave.set()
thread.join()
""",
    "randomness": """
rand.bytes(8)
reading, writing = os.pipe()
def work():
    client = SSL.Connection(client_context, None)
    client.set_connect_state()
    try:
        client.do_handshake()
    except SSL.WantReadError:
        pass
    os.write(writing, rand.bytes(16) + client.bio_read(4096)[11:43])
numbers = [child(work) for _ in range(8)]
work()
found = [os.read(reading, 48) for _ in range(9)]
for number in numbers:
    ended(number)
assert {len(one) for one in found} == {48}
assert len({one[:16] for one in found}) == 9
assert len({one[16:] for one in found}) == 9
""",
}


def script(ec: Authority, version: str, body: str) -> str:
    """Return the program with its files put in."""
    text = PREAMBLE + FORKING
    for field, value in (
        ("{chain!r}", repr(ec.chain_file(ec.server))),
        ("{key!r}", repr(ec.server.key_file)),
        ("{root!r}", repr(ec.root.cert_file)),
        ("{version}", {"TLSv1.2": "SSL.TLS1_2_VERSION", "TLSv1.3": "SSL.TLS1_3_VERSION"}[version]),
    ):
        text = text.replace(field, value)
    return text + body


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("name", FORKS)
def test_fork_with_live_connections(ec: Authority, version: str, name: str):
    # Python 3.12 warns of every fork with threads, which is what this is about.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script(ec, version, FORKS[name])]
    for _ in range(3):
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


PEER = """
import subprocess
# The program that ends is a child with one end of the socket; this one looks at what comes out of the other.
one, other = socket.socketpair()
number = os.fork()
if number == 0:
    one.close()
    server = SSL.Connection(server_context, other)
    server.set_accept_state()
    server.do_handshake()
    def send():
        while True:
            server.sendall(bytes(range(256)) * 64)
    for _ in range(3):
        threading.Thread(target=send, daemon=True).start()
    threading.Thread(target=lambda: server.recv(1), daemon=True).start()
    time.sleep(0.2)
    sys.exit(0)
other.close()
client = SSL.Connection(client_context, one)
client.set_connect_state()
client.do_handshake()
got = 0
try:
    while True:
        got += len(client.recv(1 << 16))
except SSL.ZeroReturnError:
    raise SystemExit("an end that nobody sent")
except SSL.SysCallError:
    pass
ended(number)
assert got > 16384
"""


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_interpreter_shutdown_with_live_threads(ec: Authority, version: str):
    """The peer gets whole records, and then an end that it can tell from one that was meant."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script(ec, version, PEER)]
    for _ in range(3):
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
