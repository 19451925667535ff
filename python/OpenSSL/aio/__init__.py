"""TLS for asyncio: streams, and the transports below them.

The functions have the shapes of asyncio's own, with `context`, a `SSL.Context`, in place of `ssl`. Streams:

    reader, writer = await aio.open_connection("example.org", 443, context=context)
    server = await aio.start_server(serve, "127.0.0.1", 8443, context=context)
    reader, writer = await aio.wrap(reader, writer, context=context)        # STARTTLS

Protocols and transports: `create_connection`, `create_server`, `connect_accepted_socket`, `start_tls`.

Who the peer is. A client that verifies (`Context.set_verify` with `SSL.VERIFY_PEER`) also compares the server's
certificate with the name or address that it asked for; a wildcard in it stands for one whole label. `prepare` may make
other demands, of the new `SSL.Connection`; where the name is none that a certificate can hold, it has to give one
(`set_verify_host`). A context that does not verify, as new ones do not, accepts anybody.

How a connection ends. An end of file means that the peer said so, with a close_notify alert. Where the stream just
stops, somebody may have cut it: that is a `TruncatedError`, unless the context has `SSL.OP_IGNORE_UNEXPECTED_EOF`.
`close` sends what was written and the alert, and waits for the peer's answer, at most `shutdown_timeout` seconds with
no progress; then `wait_closed` raises TimeoutError. In TLS 1.3 the two directions end one by one (`write_eof`), as in
TCP; in TLS 1.2 an end ends both.

What goes wrong comes out of the call that waits: that which connects, else reads and `drain` and `wait_closed`. It is
an `SSL.Error` for a violation of TLS or a certificate that was refused, an OSError where the network failed,
TimeoutError where a time was over, or what a callback of the context raised. A server whose handshake fails closes the
connection; what a callback raised there goes to the event loop's exception handler.

Transports tell more by `get_extra_info`: `connection` (or `ssl_object`) is the `SSL.Connection`, `peercert` the peer's
`crypto.X509` or None, `cipher` a tuple (name, protocol, secret bits), `alpn_protocol` the bytes agreed on, or None,
`server_hostname` what a client asked for, `sslcontext` the `SSL.Context`; anything else, such as `peername`, is that of
the transport below.
"""

from OpenSSL.aio._connect import connect_accepted_socket, create_connection, create_server, start_tls
from OpenSSL.aio._errors import TruncatedError
from OpenSSL.aio._streams import StreamReader, open_connection, start_server, wrap
from OpenSSL.aio._transport import TLSTransport

__all__ = [
    "StreamReader",
    "TLSTransport",
    "TruncatedError",
    "connect_accepted_socket",
    "create_connection",
    "create_server",
    "open_connection",
    "start_server",
    "start_tls",
    "wrap",
]
