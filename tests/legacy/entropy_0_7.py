"""As of 0.7: the module rand, all of it, with an entropy gathering daemon to ask."""

import os
import socket
import sys
import threading

from OpenSSL import rand

directory = sys.argv[1]
path = directory + "/egd"
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(path)
listener.listen(1)


def daemon():
    conn, _ = listener.accept()
    while True:
        head = conn.recv(2)
        if not head:
            return
        # 1: as much as there is, with its length first; 2: all of it, however long that takes.
        data = os.urandom(head[1])
        conn.sendall(bytes([len(data)]) + data if head[0] == 1 else data)


thread = threading.Thread(target=daemon, daemon=True)
thread.start()
print("egd", rand.egd(path, 100))
print("no egd", rand.egd(directory + "/nothing"))
rand.seed("some text".encode())
rand.add(b"more of it", 2.5)
print("status", bool(rand.status()))
print("written", rand.write_file(directory + "/seed"), os.path.getsize(directory + "/seed"))
print("read", rand.load_file(directory + "/seed", 512), rand.load_file(directory + "/seed"))
print("bytes", len(rand.bytes(40)), rand.bytes(40) != rand.bytes(40))
print("screen", hasattr(rand, "screen"))
rand.cleanup()
try:
    rand.bytes(-1)
except ValueError:
    print("refused")
