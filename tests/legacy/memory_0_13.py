"""As of 0.13: TLS in memory, as an event loop uses it, with an info callback and the authorities that are asked for."""

import sys

from OpenSSL import SSL, crypto

events = []


def info(conn, where, ret):
    if where & SSL.SSL_CB_HANDSHAKE_START:
        events.append("start")
    elif where & SSL.SSL_CB_HANDSHAKE_DONE:
        events.append("done")


def certificate():
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 2048)
    cert = crypto.X509()
    cert.get_subject().CN = "memory"
    cert.set_serial_number(1)
    cert.gmtime_adj_notBefore(0)
    cert.gmtime_adj_notAfter(60)
    cert.set_issuer(cert.get_subject())
    cert.set_pubkey(key)
    cert.sign(key, "sha256")
    return cert, key


class Protocol(object):
    def __init__(self, ctx, server):
        self.conn = SSL.Connection(ctx, None)
        if server:
            self.conn.set_accept_state()
        else:
            self.conn.set_connect_state()
        self.received = b""
        self.lost = None

    def dataReceived(self, data):
        self.conn.bio_write(data)
        self.pump()

    def pump(self):
        while self.lost is None:
            try:
                self.received += self.conn.recv(2**15)
            except SSL.WantReadError:
                return
            except SSL.ZeroReturnError:
                self.lost = "clean"
                self.conn.shutdown()
            except SSL.Error as error:
                self.lost = error

    def flush(self):
        try:
            return self.conn.bio_read(2**15)
        except SSL.WantReadError:
            return b""


def interact(*ends):
    moved = True
    while moved:
        moved = False
        for one, other in (ends, ends[::-1]):
            one.pump()
            data = one.flush()
            if data:
                moved = True
                other.dataReceived(data)


cert, key = certificate()
serverContext = SSL.Context(SSL.SSLv23_METHOD)
serverContext.use_certificate(cert)
serverContext.use_privatekey(key)
serverContext.set_client_ca_list([cert.get_subject()])
serverContext.add_client_ca(cert)
serverContext.set_verify(SSL.VERIFY_PEER, lambda *args: True)
serverContext.set_session_id(b"memory")
serverContext.set_info_callback(info)
serverContext.set_tlsext_servername_callback(lambda conn: events.append(conn.get_servername()))
serverContext.set_mode(SSL.MODE_RELEASE_BUFFERS)
clientContext = SSL.Context(SSL.SSLv23_METHOD)
clientContext.set_options(SSL.OP_ALL | SSL.OP_NO_TLSv1_3)
client, server = Protocol(clientContext, False), Protocol(serverContext, True)
client.conn.set_tlsext_host_name(b"memory.example")
client.conn.set_app_data("application")
interact(client, server)
print(events)
print([name.CN for name in client.conn.get_client_ca_list()], client.conn.get_app_data())
client.conn.sendall(b"x" * 100000)
interact(client, server)
print(len(server.received), len(client.conn.client_random()), client.conn.master_key() == server.conn.master_key())
print(client.conn.get_peer_cert_chain()[0].get_subject().CN, client.conn.state_string() != "")
session = client.conn.get_session()
client.conn.shutdown()
interact(client, server)
print(server.lost, client.lost)
client, server = Protocol(clientContext, False), Protocol(serverContext, True)
client.conn.set_session(session)
interact(client, server)
print(client.conn.master_key() == server.conn.master_key(), SSL.SSLeay_version(SSL.SSLEAY_VERSION)[:8].decode())
sys.exit(client.lost or server.lost or 0)
