"""Handshakes that are meant to fail, and what each side makes of it."""

from OpenSSL import SSL

from tests.support.pairs import Pair, carry


def handshake_errors(pair: Pair) -> dict[str, BaseException]:
    """Do the handshake of a pair in memory; return what each side raised."""
    errors: dict[str, BaseException] = {}
    waiting = {"client": pair.client, "server": pair.server}
    while waiting:
        for name, connection in list(waiting.items()):
            try:
                connection.do_handshake()
            except SSL.WantReadError:
                continue
            except BaseException as error:
                errors[name] = error
            del waiting[name]
        if not carry(pair.client, pair.server) + carry(pair.server, pair.client) and waiting:
            return errors
    # In TLS 1.3 the client is done before the server has looked at its certificate.
    for name, connection in (("client", pair.client), ("server", pair.server)):
        if name not in errors:
            try:
                connection.recv(1)
            except SSL.WantReadError:
                pass
            except BaseException as error:
                errors[name] = error
    return errors


def reasons(error: BaseException) -> list[str]:
    """Return OpenSSL's reasons of an error that is exactly SSL.Error."""
    assert type(error) is SSL.Error
    return [reason for _, _, reason in error.args[0]]
