"""A Connection that threads may share, under the name it had when others could not be shared.

Every `SSL.Connection` is safe to share: while one thread waits in `recv`, others send. So this one adds nothing to it,
and programs written for this module get all its methods, in place of the list of them that earlier releases had.
"""

from OpenSSL import SSL as _SSL

__all__ = ["Connection"]


class Connection(_SSL.Connection):
    """The same as `SSL.Connection`: Connection(context, socket=None, writer=None)."""
