"""The exception of this package, and the texts that several files raise."""

from OpenSSL import SSL


class TruncatedError(SSL.SysCallError, ConnectionError):
    """The peer's stream ended without a close_notify alert: it may have been cut short.

    It is a ConnectionError for programs that handle those, and the `SSL.SysCallError(-1, 'Unexpected EOF')` that a
    Connection raises. (RFC 8446, 6.1)
    """


def truncated() -> TruncatedError:
    """Make the exception for an end without an alert."""
    return TruncatedError(-1, "Unexpected EOF")
