"""The module SSL: what is neither a Context nor a Connection."""

import socket
import subprocess
import sys
import typing

import pytest
from OpenSSL import SSL, crypto

from tests.conftest import UPSTREAM
from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.failing import handshake_errors
from tests.support.pairs import memory_pair
from tests.support.rows import rows

ours = pytest.mark.skipif(UPSTREAM, reason="about this package")


def codes() -> dict[str, int]:
    return {name: value for name, value in vars(SSL.X509VerificationCodes).items() if name[0].isupper()}


def test_verification_codes():
    assert len(codes()) == 57
    assert SSL.X509VerificationCodes.OK == 0
    assert all(type(value) is int for value in codes().values())
    # INVALID_CA has a number of its own since OpenSSL 3.0; no two others ever shared one.
    assert len(set(codes().values())) == 57


def test_every_verification_code_has_a_text():
    unknown = crypto.X509_verify_cert_error_string(12345)
    for name, value in codes().items():
        text = crypto.X509_verify_cert_error_string(value)
        assert text, name
        assert text != unknown, name


def test_a_verification_callback_is_told_a_code(ec: Authority, stranger: Authority):
    told = []
    client = client_context(stranger)
    client.set_verify(SSL.VERIFY_PEER, lambda *arguments: told.append(arguments[2]))
    handshake_errors(memory_pair(client, server_context(ec)))
    assert told == [SSL.X509VerificationCodes.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY]


@pytest.mark.parametrize("number", [0, 1, 77])
def test_the_descriptor_of_a_number_is_itself(number: int):
    assert SSL._asFileDescriptor(number) == number


def test_the_descriptor_of_an_object():
    with socket.socket() as one:
        assert SSL._asFileDescriptor(one) == one.fileno()
    with pytest.raises(ValueError, match=r"."):
        SSL._asFileDescriptor(one)


@pytest.mark.parametrize("value", [None, "1", 1.0, b"", object(), [3]])
def test_what_has_no_descriptor(value: object):
    with pytest.raises(TypeError, match="fileno"):
        SSL._asFileDescriptor(value)


def test_a_fileno_that_is_no_number():
    class Odd:
        def fileno(self) -> str:
            return "three"

    with pytest.raises(TypeError, match="fileno"):
        SSL._asFileDescriptor(Odd())


def test_a_descriptor_is_not_negative():
    with pytest.raises(ValueError, match=r"."):
        SSL._asFileDescriptor(-1)


def test_a_function_that_is_required_to_be_there():
    def function(number: int) -> int:
        """Return one more."""
        return number + 1

    assert SSL._make_requires(True, "missing")(function) is function
    refusing = SSL._make_requires(False, "it is missing")(function)
    for arguments in ((), (1,), (1, 2)):
        with pytest.raises(NotImplementedError, match=r"^it is missing$"):
            refusing(*arguments)
    assert refusing.__name__ == "function"
    assert refusing.__doc__ == "Return one more."


def test_the_type_variable_of_decorators():
    assert isinstance(SSL.F, typing.TypeVar)
    assert SSL.F is SSL.F
    assert SSL.F.__name__ == "F"


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="'no_such_name'"):
        _ = SSL.no_such_name


@ours
def test_importing_it_imports_no_more_than_it_needs():
    # Only type hints need typing, only objects of the package cryptography need that.
    program = f"import sys; sys.path[:] = {sys.path!r}; import OpenSSL.SSL; print('typing' in sys.modules, end=' ')"
    program += "; print('cryptography' in sys.modules, end=' '); OpenSSL.SSL.F; print('typing' in sys.modules)"
    command = [sys.executable, "-S", "-I", "-c", program]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout == "False False True\n"


@ours
def test_npn_is_not_available(ec: Authority):
    # C144: names of 0.15 to 19.1.0.
    context = SSL.Context(SSL.TLS_METHOD)
    connection = SSL.Connection(context, None)
    for method, arguments in (
        (context.set_npn_advertise_callback, (lambda connection: [b"http/1.1"],)),
        (context.set_npn_select_callback, (lambda connection, offered: offered[0],)),
        (connection.get_next_proto_negotiated, ()),
    ):
        with pytest.raises(NotImplementedError, match=r"^NPN not available$"):
            method(*arguments)


@rows(188)
@pytest.mark.parametrize("answer", [-1, None, 0, 1, SSL.WantX509LookupError])
def test_no_callback_asks_to_be_called_again(ec: Authority, answer: object):
    """Whatever a callback that looks at certificates returns, it is never WantX509LookupError that comes of it."""
    client, server = client_context(ec), server_context(ec)
    client.set_verify(SSL.VERIFY_PEER, lambda *arguments: answer)
    server.set_tlsext_servername_callback(lambda connection: answer)
    pair = memory_pair(client, server)
    errors = handshake_errors(pair)
    assert bool(errors) is not bool(answer)
    assert not [error for error in errors.values() if isinstance(error, SSL.WantX509LookupError)]


@ours
@rows(188)
def test_help_says_that_no_callback_does():
    assert "No callback of this package" in SSL.WantX509LookupError.__doc__
