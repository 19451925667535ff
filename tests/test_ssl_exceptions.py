"""The exceptions of SSL: their tree, their arguments, and which failure gives which of them."""

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.pairs import connected, memory_pair
from tests.support.rows import rows

SPECIAL = [
    SSL.ZeroReturnError,
    SSL.WantReadError,
    SSL.WantWriteError,
    SSL.WantX509LookupError,
    SSL.SysCallError,
]


@rows(176, 183, 187, 301)
@pytest.mark.parametrize("special", SPECIAL)
def test_each_is_a_direct_subclass_of_error(special):
    assert special.__bases__ == (SSL.Error,)


@rows(176)
def test_error_is_an_exception():
    assert SSL.Error.__bases__ == (Exception,)


@pytest.mark.parametrize("kind", [SSL.Error, *SPECIAL])
def test_each_says_where_it_is_from(kind):
    assert kind.__module__ == "OpenSSL.SSL"
    assert getattr(SSL, kind.__name__) is kind


@rows(176, 177)
@pytest.mark.parametrize("kind", [SSL.Error, *SPECIAL])
def test_each_can_be_raised_by_a_program(kind):
    with pytest.raises(SSL.Error) as caught:
        raise kind("one", 2)
    assert type(caught.value) is kind
    assert caught.value.args == ("one", 2)


@rows(2, 177, 178, 179)
def test_error_holds_a_list_of_tuples_of_three_strings(ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(SSL.Error) as caught:
        context.use_certificate_file(ec.server.key_file)
    assert type(caught.value) is SSL.Error
    (entries,) = caught.value.args
    assert isinstance(entries, list)
    assert entries
    for entry in entries:
        assert type(entry) is tuple
        library, function, reason = entry
        assert type(library) is type(function) is type(reason) is str
        assert reason
    assert any("PEM" in library for library, _, _ in entries)


@rows(184)
def test_want_read_error_has_no_arguments(ec: Authority):
    pair = memory_pair(client_context(ec), server_context(ec))
    with pytest.raises(SSL.WantReadError) as caught:
        pair.client.do_handshake()
    assert caught.value.args == ()


@rows(180)
def test_zero_return_error_has_no_arguments(ec: Authority):
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        pair.client.shutdown()
        pair.move()
        with pytest.raises(SSL.ZeroReturnError) as caught:
            pair.server.recv(1)
        assert caught.value.args == ()


@rows(189, 191, 192)
def test_sys_call_error_is_a_pair(ec: Authority):
    # TLS 1.2, so that no session tickets lie unread in the client's socket: the kernel would send a reset for them.
    with connected(client_context(ec, "TLSv1.2"), server_context(ec), "unix") as pair:
        pair.client.close()
        with pytest.raises(SSL.SysCallError) as caught:
            pair.server.recv(1)
        assert caught.value.args == (-1, "Unexpected EOF")


@rows(178)
@pytest.mark.parametrize("role", ["client", "server"])
def test_an_error_of_a_handshake_leaves_nothing_for_the_next_call(ec: Authority, role: str):
    # C023: the second error must not repeat the first one's entries.
    pair = memory_pair(client_context(ec), server_context(ec))
    connection = getattr(pair, role)
    connection.bio_write(b"GET / HTTP/1.0\r\n\r\n")
    with pytest.raises(SSL.Error) as first:
        connection.do_handshake()
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(SSL.Error) as second:
        context.use_privatekey_file(ec.server.cert_file)
    assert first.value.args[0]
    assert not set(first.value.args[0]) & set(second.value.args[0])


def test_a_failed_call_elsewhere_does_not_colour_a_connection(ec: Authority):
    # C023 the other way round: an error that a program has caught is gone.
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        with pytest.raises(SSL.Error):
            SSL.Context(SSL.TLS_METHOD).check_privatekey()
        with pytest.raises(SSL.WantReadError):
            pair.client.recv(1)
        pair.client.send(b"still here")
        pair.move()
        assert pair.server.recv(100) == b"still here"
