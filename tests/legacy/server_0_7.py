"""As of 0.7: a select loop with a server in one thread and a client in another, and the thread-safe Connection."""

import select
import socket
import sys
import threading

from OpenSSL import SSL, crypto, rand, tsafe

directory = sys.argv[1]
rand.load_file("/dev/urandom", 256)


def verify_cb(conn, cert, errnum, depth, ok):
    verified.append((depth, cert.get_subject().CN))
    return ok


def make_files():
    for name, cn in (("ca", "A CA"), ("server", "The Server")):
        key = crypto.PKey()
        key.generate_key(crypto.TYPE_RSA, 2048)
        cert = crypto.X509()
        cert.set_version(2)
        cert.set_serial_number(len(cn))
        cert.get_subject().CN = cn
        cert.gmtime_adj_notBefore(0)
        cert.gmtime_adj_notAfter(3600)
        cert.set_pubkey(key)
        if name == "ca":
            ca = (cert, key)
            cert.add_extensions((crypto.X509Extension("basicConstraints", True, "CA:TRUE"),))
        cert.set_issuer(ca[0].get_subject())
        cert.sign(ca[1], "sha256")
        open("%s/%s.pem" % (directory, name), "wb").write(crypto.dump_certificate(crypto.FILETYPE_PEM, cert))
        open("%s/%s.key" % (directory, name), "wb").write(crypto.dump_privatekey(crypto.FILETYPE_PEM, key))


def initialise():
    ctx = SSL.Context(SSL.SSLv23_METHOD)
    ctx.set_options(SSL.OP_NO_SSLv2)
    ctx.use_privatekey_file(directory + "/server.key", SSL.FILETYPE_PEM)
    ctx.use_certificate_file(directory + "/server.pem", SSL.FILETYPE_PEM)
    ctx.load_verify_locations(directory + "/ca.pem")
    ctx.set_session_id("legacy".encode())
    ctx.set_timeout(600)
    ctx.set_verify_depth(3)
    ctx.set_app_data({"name": "server"})
    ctx.check_privatekey()
    return ctx


def dropClient(cli, errors=None):
    del clients[cli]
    if not errors:
        cli.shutdown()
    cli.close()


def loop():
    while not (served and not clients):
        r, w, _ = select.select([server, *clients], [], [], 10)
        for cli in r:
            if cli == server:
                cli, addr = server.accept()
                cli.setblocking(0)
                clients[cli] = addr
                served.append(addr)
            else:
                try:
                    ret = cli.recv(1024)
                except (SSL.WantReadError, SSL.WantWriteError, SSL.WantX509LookupError):
                    pass
                except SSL.ZeroReturnError:
                    dropClient(cli)
                except SSL.Error as errors:
                    dropClient(cli, errors)
                else:
                    cli.send(ret)


verified, served, clients = [], [], {}
make_files()
server = SSL.Connection(initialise(), socket.socket(socket.AF_INET, socket.SOCK_STREAM))
server.bind(("", 0))
server.listen(3)
print(server.get_context().get_app_data(), server.get_context().get_timeout())
thread = threading.Thread(target=loop)
thread.start()

ctx = SSL.Context(SSL.SSLv23_METHOD)
ctx.set_verify(SSL.VERIFY_PEER, verify_cb)
ctx.load_verify_locations(directory + "/ca.pem")
ctx.set_cipher_list("DEFAULT")
sock = tsafe.Connection(ctx, socket.socket(socket.AF_INET, socket.SOCK_STREAM))
sock.connect(("127.0.0.1", server.getsockname()[1]))
for line in (b"one", b"two"):
    sock.send(line)
    print(sock.recv(1024).decode())
print(sorted(set(verified)), sock.get_peer_certificate().get_subject().CN)
print(sock.get_cipher_list()[0] in sock.get_cipher_list(), sock.want_read(), sock.pending())
print(sock.shutdown() in (True, False), bool(sock.get_shutdown() & SSL.SENT_SHUTDOWN))
thread.join(20)
sock.sock_shutdown(2)
sock.close()
print("end", thread.is_alive())
