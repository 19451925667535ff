"""Context: methods, options, protocol versions, cipher list, timeout, session id, application data."""

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import VERSIONS, client_context, identify, only, server_context, trust
from tests.support.pairs import connected, memory_pair, receive
from tests.support.rows import rows


def negotiated(client: SSL.Context, server: SSL.Context) -> str:
    """Return the name of the protocol version that the two contexts agree on."""
    with connected(client, server, "memory") as pair:
        assert pair.client.get_protocol_version_name() == pair.server.get_protocol_version_name()
        return pair.client.get_protocol_version_name()


@rows(155, 158, 172)
@pytest.mark.parametrize("name", ["SSLv23_METHOD", "TLS_METHOD"])
def test_a_method_without_a_version_negotiates_the_best(ec: Authority, name: str):
    client, server = SSL.Context(getattr(SSL, name)), SSL.Context(getattr(SSL, name))
    identify(server, ec, ec.server)
    trust(client, ec)
    client.set_verify(SSL.VERIFY_PEER)
    assert negotiated(client, server) == "TLSv1.3"


@rows(172)
def test_a_method_can_be_for_one_role(ec: Authority):
    client, server = SSL.Context(SSL.TLS_CLIENT_METHOD), SSL.Context(SSL.TLS_SERVER_METHOD)
    identify(server, ec, ec.server)
    assert negotiated(client, server) == "TLSv1.3"


@rows(172)
def test_a_method_with_a_version_negotiates_only_that(ec: Authority):
    client = SSL.Context(SSL.TLSv1_2_METHOD)
    trust(client, ec)
    assert negotiated(client, server_context(ec)) == "TLSv1.2"


@rows(159, 172)
@pytest.mark.parametrize("name", ["TLSv1_METHOD", "TLSv1_1_METHOD"])
def test_an_old_version_needs_a_lower_security_level(ec: Authority, name: str):
    client, server = SSL.Context(getattr(SSL, name)), server_context(ec)
    for context in (client, server):
        context.set_cipher_list(b"DEFAULT@SECLEVEL=0")
    server.set_min_proto_version(SSL.TLS1_VERSION)
    assert negotiated(client, server) == {"TLSv1_METHOD": "TLSv1", "TLSv1_1_METHOD": "TLSv1.1"}[name]


@rows(156, 157, 172)
@pytest.mark.parametrize("protocol", ["SSLv2", "SSLv3"])
def test_a_dead_protocol_is_refused_by_name(protocol: str):
    # C007: the constants exist, and the error names the protocol. (A library with SSLv3 may still take that one.)
    method = getattr(SSL, f"{protocol}_METHOD")
    assert method == {"SSLv2": 1, "SSLv3": 2}[protocol]
    with pytest.raises(ValueError, match=protocol):
        SSL.Context(method)


@rows(172)
@pytest.mark.parametrize("method", [99, -1, 0])
def test_an_unknown_method_is_refused(method: int):
    with pytest.raises(ValueError, match=r"."):
        SSL.Context(method)


@rows(172)
@pytest.mark.parametrize("method", ["x", None, b"TLS_METHOD", 6.0])
def test_a_method_is_an_integer(method: object):
    with pytest.raises(TypeError, match=r"."):
        SSL.Context(method)


@rows(171, 173)
def test_the_type_names_of_the_manual(ec: Authority):
    # C003: names that upstream dropped.
    context = SSL.Context(SSL.TLS_METHOD)
    assert type(context) is SSL.ContextType
    assert type(SSL.Connection(context, None)) is SSL.ConnectionType


@rows(168, 218, 219)
def test_options_are_added_to_those_set_before():
    context = SSL.Context(SSL.TLS_METHOD)
    first = context.set_options(SSL.OP_NO_SSLv3)
    assert first & SSL.OP_NO_SSLv3
    second = context.set_options(SSL.OP_NO_TLSv1)
    assert second & SSL.OP_NO_SSLv3
    assert second & SSL.OP_NO_TLSv1
    assert context.set_options(0) == second
    assert context.get_options() == second


@rows(165, 166, 167, 170, 220)
def test_every_option_is_accepted(ec: Authority):
    names = [name for name in dir(SSL) if name.startswith("OP_")]
    assert {"OP_SINGLE_DH_USE", "OP_EPHEMERAL_RSA", "OP_NO_SSLv2", "OP_NO_SSLv3", "OP_NO_TLSv1", "OP_ALL"} <= {*names}
    for name in names:
        value = getattr(SSL, name)
        assert SSL.Context(SSL.TLS_METHOD).set_options(value) & value == value, name
    client = client_context(ec)
    client.set_options(SSL.OP_NO_SSLv2)
    assert negotiated(client, server_context(ec)) == "TLSv1.3"


@rows(169, 170)
def test_an_option_forbids_a_version(ec: Authority):
    server = server_context(ec)
    server.set_options(SSL.OP_NO_TLSv1_3)
    assert negotiated(client_context(ec), server) == "TLSv1.2"
    pair = memory_pair(client_context(ec, "TLSv1.3"), server)
    with pytest.raises(SSL.Error) as caught:
        pair.handshake()
    assert caught.value.args[0]


@pytest.mark.parametrize(
    ("value", "error"), [("1", TypeError), (1.0, TypeError), (None, TypeError), (1 << 64, OverflowError)]
)
def test_options_are_an_integer_of_64_bits(value: object, error: type[Exception]):
    with pytest.raises(error, match=r"."):
        SSL.Context(SSL.TLS_METHOD).set_options(value)


@pytest.mark.parametrize("name", VERSIONS)
def test_minimum_and_maximum_version(ec: Authority, name: str):
    server = server_context(ec)
    assert server.set_min_proto_version(VERSIONS[name]) is None
    assert server.set_max_proto_version(VERSIONS[name]) is None
    assert negotiated(client_context(ec), server) == name


def test_version_zero_takes_a_limit_away(ec: Authority):
    server = server_context(ec, "TLSv1.2")
    server.set_min_proto_version(0)
    server.set_max_proto_version(0)
    assert negotiated(client_context(ec, "TLSv1.3"), server) == "TLSv1.3"


@pytest.mark.parametrize("setter", ["set_min_proto_version", "set_max_proto_version"])
def test_an_unknown_version_is_refused(setter: str):
    # C146, and C023: upstream's error is an empty list.
    with pytest.raises(SSL.Error) as caught:
        getattr(SSL.Context(SSL.TLS_METHOD), setter)(0x1234)
    assert caught.value.args[0][0][1] == f"SSL_CTX_{setter}"


@pytest.mark.parametrize("setter", ["set_min_proto_version", "set_max_proto_version"])
@pytest.mark.parametrize("value", ["TLSv1.2", None, 771.0])
def test_a_version_is_an_integer(setter: str, value: object):
    with pytest.raises(TypeError, match=r"."):
        getattr(SSL.Context(SSL.TLS_METHOD), setter)(value)


def test_without_a_common_version_both_sides_say_so(ec: Authority):
    pair = memory_pair(client_context(ec, "TLSv1.3"), server_context(ec, "TLSv1.2"))
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    pair.server.bio_write(pair.client.bio_read(4096))
    with pytest.raises(SSL.Error) as at_server:
        pair.server.do_handshake()
    assert "unsupported protocol" in at_server.value.args[0][0][2]
    pair.client.bio_write(pair.server.bio_read(4096))
    with pytest.raises(SSL.Error) as at_client:
        pair.client.do_handshake()
    assert "protocol version" in at_client.value.args[0][0][2]


@rows(213, 264, 265)
def test_the_cipher_list(ec: Authority):
    context = server_context(ec)
    assert context.set_cipher_list(b"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256") is None
    connection = SSL.Connection(context, None)
    ciphers = connection.get_cipher_list()
    assert all(type(cipher) is str for cipher in ciphers)
    assert [cipher for cipher in ciphers if not cipher.startswith("TLS_")] == [
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
    ]
    with pytest.raises(TypeError):
        connection.get_cipher_list(0)


@rows(213)
def test_the_cipher_list_decides(ec: Authority):
    server = server_context(ec, "TLSv1.2")
    server.set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256")
    with connected(client_context(ec), server, "memory") as pair:
        assert pair.client.get_cipher_name() == "ECDHE-ECDSA-AES128-GCM-SHA256"


def test_the_cipher_list_may_be_text(ec: Authority):
    # C016, C131
    context = server_context(ec)
    with pytest.warns(DeprecationWarning, match="cipher_list"):
        context.set_cipher_list("ECDHE-ECDSA-AES128-GCM-SHA256")
    assert "ECDHE-ECDSA-AES128-GCM-SHA256" in SSL.Connection(context, None).get_cipher_list()


@rows(213)
@pytest.mark.parametrize("ciphers", [b"no-such-cipher", b"TLS_AES_128_GCM_SHA256", b""])
def test_a_cipher_list_without_a_match_is_refused(ciphers: bytes):
    with pytest.raises(SSL.Error) as caught:
        SSL.Context(SSL.TLS_METHOD).set_cipher_list(ciphers)
    assert caught.value.args[0][-1][2] == "no cipher match"


@pytest.mark.parametrize("ciphers", [None, 7, object(), ["AES"]])
def test_a_cipher_list_is_bytes(ciphers: object):
    with pytest.raises(TypeError, match=r"."):
        SSL.Context(SSL.TLS_METHOD).set_cipher_list(ciphers)


@rows(200, 231)
def test_the_timeout_is_300_seconds_at_first():
    # C130: the manual's figure; upstream has the library's 7200.
    assert SSL.Context(SSL.TLS_METHOD).get_timeout() == 300


@rows(199, 229)
def test_the_timeout_is_what_was_set():
    context = SSL.Context(SSL.TLS_METHOD)
    before = context.get_timeout()
    assert context.set_timeout(1234) == before
    assert context.get_timeout() == 1234
    assert context.set_timeout(7) == 1234


@rows(230)
@pytest.mark.parametrize("value", ["300", 1.5, None])
def test_the_timeout_is_in_whole_seconds(value: object):
    with pytest.raises(TypeError, match=r"."):
        SSL.Context(SSL.TLS_METHOD).set_timeout(value)


@pytest.mark.parametrize("value", [0, 1, 2**31, 2**32, 18_446_744_073])
def test_a_long_timeout_is_kept(value: int):
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_timeout(value)
    assert context.get_timeout() == value


@pytest.mark.parametrize("value", [-1, -5, 18_446_744_074, 2**40, 2**62, 2**63 - 1, -(2**63)])
def test_a_timeout_that_openssl_cannot_keep(value: int):
    # C130: upstream takes them, and get_timeout gives other numbers.
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(ValueError, match=r"^timeout must be in the range from 0 to 18446744073$"):
        context.set_timeout(value)
    assert context.get_timeout() == 300


@pytest.mark.parametrize("value", [2**63, 2**64, -(2**64)])
def test_a_timeout_that_is_no_number_of_c(value: int):
    with pytest.raises(OverflowError):
        SSL.Context(SSL.TLS_METHOD).set_timeout(value)


@rows(228)
@pytest.mark.parametrize("name", [b"", b"name", b"\x00\xff", bytes(range(32))])
def test_a_session_id_is_any_binary_data(name: bytes):
    assert SSL.Context(SSL.TLS_METHOD).set_session_id(name) is None


@rows(228)
def test_a_session_id_has_32_bytes_at_most():
    with pytest.raises(SSL.Error) as caught:
        SSL.Context(SSL.TLS_METHOD).set_session_id(bytes(33))
    assert "too long" in caught.value.args[0][0][2]


def test_a_session_id_may_be_text():
    # C016, C129
    with pytest.warns(DeprecationWarning, match="buf"):
        SSL.Context(SSL.TLS_METHOD).set_session_id("text")


@pytest.mark.parametrize("name", [None, 5])
def test_a_session_id_is_bytes(name: object):
    with pytest.raises(TypeError, match=r"."):
        SSL.Context(SSL.TLS_METHOD).set_session_id(name)


@rows(196, 212)
def test_application_data():
    context = SSL.Context(SSL.TLS_METHOD)
    assert context.get_app_data() is None
    data = object()
    assert context.set_app_data(data) is None
    assert context.get_app_data() is data
    context.set_app_data(None)
    assert context.get_app_data() is None


@rows(263, 284)
def test_application_data_of_a_connection(ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    connection = SSL.Connection(context, None)
    assert connection.get_app_data() is None
    data = object()
    assert connection.set_app_data(data) is None
    assert connection.get_app_data() is data
    assert SSL.Connection(context, None).get_app_data() is None
    assert context.get_app_data() is None


@rows(266)
def test_a_connection_knows_its_context():
    context = only(SSL.Context(SSL.TLS_METHOD), "TLSv1.3")
    assert SSL.Connection(context, None).get_context() is context


@pytest.mark.parametrize("context", [None, object(), SSL.TLS_METHOD])
def test_a_connection_needs_a_context(context: object):
    with pytest.raises(TypeError, match=r"."):
        SSL.Connection(context, None)


def test_reading_ahead(ec: Authority):
    # What follows the TLS stream may be swallowed with it, but no byte of the stream is lost.
    client, server = client_context(ec), server_context(ec)
    assert server.set_read_ahead(True) is None
    data = bytes(range(256)) * 2000
    with connected(client, server, "unix") as pair, Background(lambda: pair.client.sendall(data)):
        assert receive(pair.server, len(data)) == data
        pair.server.send(b"answer")
        assert pair.client.recv(100) == b"answer"
    server.set_read_ahead(False)
    with connected(client, server, "unix") as pair:
        pair.client.send(b"one record at a time")
        assert pair.server.recv(100) == b"one record at a time"


@pytest.mark.parametrize("method", ["set_mode", "clear_mode"])
@pytest.mark.parametrize("value", [None, "1", 1.0])
def test_a_mode_is_an_integer(method: str, value: object):
    with pytest.raises(TypeError, match="must be an integer"):
        getattr(SSL.Context(SSL.TLS_METHOD), method)(value)


@pytest.mark.parametrize("method", ["set_mode", "clear_mode"])
@pytest.mark.parametrize("value", [-1, 1 << 32, 1 << 40, 1 << 64])
def test_a_mode_has_32_bits(method: str, value: int):
    # As set_options does with its 64.
    context = SSL.Context(SSL.TLS_METHOD)
    before = context.set_mode(0)
    with pytest.raises(OverflowError):
        getattr(context, method)(value)
    assert context.set_mode(0) == before
