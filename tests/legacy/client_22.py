"""As of 22: a client as HTTP libraries wrap one, DTLS, and objects that come from cryptography and go back."""

import datetime
import socket
import sys
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

directory = sys.argv[1]
private_key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
made = (
    x509.CertificateBuilder()
    .subject_name(name)
    .issuer_name(name)
    .public_key(private_key.public_key())
    .serial_number(x509.random_serial_number())
    .not_valid_before(now - datetime.timedelta(minutes=1))
    .not_valid_after(now + datetime.timedelta(days=1))
    .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    .sign(private_key, hashes.SHA256())
)
cert, key = crypto.X509.from_cryptography(made), crypto.PKey.from_cryptography_key(private_key)
print(cert.to_cryptography() == made, key.type() == crypto.TYPE_EC, key.to_cryptography_key().curve.name)
open(directory + "/ca.pem", "wb").write(crypto.dump_certificate(crypto.FILETYPE_PEM, cert))


class WrappedSocket(object):
    """A socket of the standard library, as far as http.client wants one."""

    def __init__(self, connection, sock):
        self.connection, self.socket = connection, sock

    def recv(self, size):
        try:
            return self.connection.recv(size)
        except SSL.SysCallError as error:
            if error.args == (-1, "Unexpected EOF"):
                return b""
            raise
        except SSL.ZeroReturnError:
            if self.connection.get_shutdown() == SSL.RECEIVED_SHUTDOWN:
                return b""
            raise

    def sendall(self, data):
        sent = 0
        while sent < len(data):
            sent += self.connection.send(data[sent : sent + 16384])

    def close(self):
        self.connection.shutdown()
        self.connection.close()


def serve(listener):
    ctx = SSL.Context(SSL.TLS_SERVER_METHOD)
    ctx.use_certificate(cert)
    ctx.use_privatekey(key)
    ctx.set_alpn_select_callback(
        lambda conn, offered: b"http/1.1" if b"http/1.1" in offered else SSL.NO_OVERLAPPING_PROTOCOLS
    )
    conn = SSL.Connection(ctx, listener.accept()[0])
    conn.set_accept_state()
    received = b""
    while len(received) < 50000:
        received += conn.recv(65536)
    conn.sendall(received.upper())
    conn.shutdown()


listener = socket.create_server(("localhost", 0))
thread = threading.Thread(target=serve, args=(listener,))
thread.start()
keys = []
ctx = SSL.Context(SSL.TLS_METHOD)
ctx.set_min_proto_version(SSL.TLS1_2_VERSION)
ctx.load_verify_locations(directory + "/ca.pem")
ctx.set_verify(SSL.VERIFY_PEER, lambda cnx, x509, err_no, err_depth, return_code: err_no == 0)
ctx.set_keylog_callback(lambda conn, line: keys.append(line))
ctx.set_alpn_protos([b"h2", b"http/1.1"])
sock = socket.create_connection(listener.getsockname())
cnx = SSL.Connection(ctx, sock)
cnx.set_tlsext_host_name(b"localhost")
cnx.set_connect_state()
cnx.do_handshake()
wrapped = WrappedSocket(cnx, sock)
wrapped.sendall(b"x" * 50000)
received = b""
while True:
    data = wrapped.recv(4096)
    if not data:
        break
    received += data
print(received == b"X" * 50000, cnx.get_alpn_proto_negotiated().decode(), cnx.get_protocol_version_name())
print(cnx.get_cipher_version(), len(cnx.export_keying_material(b"EXPERIMENTAL", 20)), keys[0].split(b" ")[0].decode())
print([one.get_subject().CN for one in cnx.get_verified_chain()], cnx.get_certificate())
wrapped.close()
thread.join()

dtls = SSL.Context(SSL.DTLS_METHOD)
dtls.use_certificate(cert)
dtls.use_privatekey(key)
dtls.set_cookie_generate_callback(lambda conn: b"cookie")
dtls.set_cookie_verify_callback(lambda conn, cookie: cookie == b"cookie")
dtls.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_COOKIE_EXCHANGE)
server, client = SSL.Connection(dtls, None), SSL.Connection(SSL.Context(SSL.DTLS_METHOD), None)
server.set_accept_state()
client.set_connect_state()
for end in (server, client):
    end.set_ciphertext_mtu(1500)
listening, through = True, False
for _ in range(20):
    for end, peer in ((client, server), (server, client)):
        try:
            if end is server and listening:
                end.DTLSv1_listen()
                listening = False
            else:
                end.do_handshake()
        except SSL.WantReadError:
            pass
        try:
            while True:
                peer.bio_write(end.bio_read(65536))
        except SSL.WantReadError:
            pass
client.send(b"a datagram")
server.bio_write(client.bio_read(65536))
print(server.recv(100).decode(), client.get_cleartext_mtu() > 1000, server.get_protocol_version_name())
