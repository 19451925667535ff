"""What Python programs do to the classes and modules of a package written in Python, and may do to these.

They subclass with an `__init__` of their own, put attributes on objects, replace methods and functions (`mock.patch`),
import everything, and pass whatever can be called.
"""

import functools
import gc
import weakref
from types import ModuleType
from unittest import mock

import OpenSSL
import pytest
from cryptography.hazmat.primitives.asymmetric import ec as elliptic
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.issuing import self_signed
from tests.support.pairs import handshake, memory_pair


class Subclassed(SSL.Connection):
    """A connection as programs extend it: other arguments, attributes, a method over the old one, one of its own."""

    kind = "subclassed"

    def __init__(self, name, context, sock=None, *, limit=10):
        self.name = name
        super().__init__(context, sock)
        self.limit = limit
        self.received = []

    def recv(self, *args, **kwargs):
        """Receive, and remember."""
        data = super().recv(*args, **kwargs)
        self.received.append(data)
        return data

    def greet(self):
        """Send the name."""
        return self.sendall(self.name.encode())


class TestSubclasses:
    def test_of_connection(self, ec: Authority):
        client = Subclassed("client", client_context(ec), limit=5)
        server = Subclassed("server", server_context(ec))
        client.set_connect_state()
        server.set_accept_state()
        handshake(client, server)
        client.greet()
        server.bio_write(client.bio_read(1000))
        assert server.recv(100) == b"client"
        assert server.received == [b"client"]
        assert (client.limit, server.limit, client.kind) == (5, 10, "subclassed")

    def test_of_connection_are_what_callbacks_get(self, ec: Authority):
        seen = []
        context = client_context(ec)
        context.set_verify(SSL.VERIFY_PEER, lambda connection, *rest: seen.append(connection) or True)
        server_side = server_context(ec)
        server_side.set_tlsext_servername_callback(seen.append)
        client, server = Subclassed("client", context), Subclassed("server", server_side)
        client.set_connect_state()
        server.set_accept_state()
        handshake(client, server)
        assert {id(connection) for connection in seen} == {id(client), id(server)}

    def test_of_connection_without_its_init(self, ec: Authority):
        class Forgetful(SSL.Connection):
            def __init__(self, context):
                pass

        broken = Forgetful(client_context(ec))
        with pytest.raises(TypeError, match="__init__"):
            broken.send(b"")

    def test_of_context(self):
        class Configured(SSL.Context):
            def __init__(self, name, *, ciphers):
                super().__init__(SSL.TLS_METHOD)
                self.name = name
                self.set_cipher_list(ciphers)

        context = Configured("one", ciphers=b"ECDHE-RSA-AES128-GCM-SHA256")
        assert context.name == "one"
        connection = SSL.Connection(context)
        assert connection.get_context() is context
        assert "ECDHE-RSA-AES128-GCM-SHA256" in connection.get_cipher_list()

    @pytest.mark.parametrize(
        "base",
        [
            crypto.X509,
            crypto.X509Req,
            crypto.PKey,
            crypto.CRL,
            crypto.Revoked,
            crypto.X509Store,
            crypto.PKCS12,
            crypto.NetscapeSPKI,
        ],
    )
    def test_of_what_is_made_empty(self, base):
        class Named(base):
            def __init__(self, name):
                super().__init__()
                self.name = name

        made = Named("one")
        assert made.name == "one"
        assert isinstance(made, base)

    def test_of_what_is_made_of_something(self):
        class Constraint(crypto.X509Extension):
            def __init__(self, ca):
                super().__init__(b"basicConstraints", True, b"CA:TRUE" if ca else b"CA:FALSE")
                self.ca = ca

        class Copied(crypto.X509Name):
            def __init__(self, certificate):
                super().__init__(certificate.get_subject())
                # A name without the underscore would be a part of the name.
                self._certificate = certificate

        class Checked(crypto.X509StoreContext):
            def __init__(self, certificate):
                self.own_store = crypto.X509Store()
                self.own_store.add_cert(certificate)
                super().__init__(self.own_store, certificate)

        cert = self_signed("habits")
        assert Constraint(True).get_critical()
        assert not Constraint(False).ca
        copied = Copied(cert)
        assert (copied.CN, copied._certificate) == ("habits", cert)
        assert Checked(cert).verify_certificate() is None

    def test_of_a_key_come_from_the_class(self):
        class Mine(crypto.PKey):
            def __init__(self):
                super().__init__()
                self.used = 0

        key = Mine.from_cryptography_key(elliptic.generate_private_key(elliptic.SECP256R1()))
        assert type(key) is Mine
        assert (key.used, key.bits()) == (0, 256)


class TestAttributes:
    def test_of_objects(self, ec: Authority):
        context = SSL.Context(SSL.TLS_METHOD)
        objects = [
            context,
            SSL.Connection(context),
            crypto.X509(),
            crypto.X509Req(),
            crypto.PKey(),
            crypto.CRL(),
            crypto.Revoked(),
            crypto.X509Store(),
            crypto.PKCS12(),
            crypto.NetscapeSPKI(),
            crypto.X509Extension(b"basicConstraints", True, b"CA:TRUE"),
            crypto.X509StoreContext(crypto.X509Store(), crypto.X509()),
            crypto.get_elliptic_curve("prime256v1"),
        ]
        for one in objects:
            one.note = "text"
            assert one.note == "text"
            assert one.__dict__ == {"note": "text"}
            assert weakref.ref(one)() is one
            del one.note
            with pytest.raises(AttributeError):
                _ = one.note

    def test_of_a_connection_go_before_its_socket(self, ec: Authority):
        pair = memory_pair(client_context(ec), server_context(ec))
        pair.client.family = "mine"
        assert pair.client.family == "mine"

    def test_that_lead_back_are_collected(self):
        context = SSL.Context(SSL.TLS_METHOD)
        connection = SSL.Connection(context)
        connection.itself = connection
        context.connection = connection
        gone = weakref.ref(connection)
        del context, connection
        gc.collect()
        assert gone() is None


class TestReplacing:
    def test_a_method(self):
        connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD))
        with mock.patch.object(SSL.Connection, "recv", lambda self, size: b"x" * size):
            assert connection.recv(3) == b"xxx"
        with pytest.raises(SSL.Error):
            connection.recv(3)

    def test_a_method_of_one_object(self):
        connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD))
        with mock.patch.object(connection, "send", return_value=7) as send:
            assert connection.send(b"data") == 7
        send.assert_called_once_with(b"data")
        assert "send" not in connection.__dict__

    @pytest.mark.parametrize("name", ["SSL.Connection", "SSL.Context", "crypto.X509", "crypto.load_certificate"])
    def test_a_name_of_a_module(self, name):
        module, _, attribute = name.partition(".")
        holder = getattr(OpenSSL, module)
        before = getattr(holder, attribute)
        with mock.patch(f"OpenSSL.{name}") as replaced:
            assert getattr(holder, attribute) is replaced
        assert getattr(holder, attribute) is before

    def test_a_class_attribute(self):
        SSL.Connection.invented = 5
        try:
            assert SSL.Connection(SSL.Context(SSL.TLS_METHOD)).invented == 5
        finally:
            del SSL.Connection.invented
        assert not hasattr(SSL.Connection, "invented")

    def test_doubles(self):
        double = mock.create_autospec(SSL.Connection, instance=True)
        double.recv.return_value = b"data"
        assert double.recv(4) == b"data"
        with pytest.raises(AttributeError):
            double.no_such_method()
        assert isinstance(mock.MagicMock(spec=crypto.X509), crypto.X509)


@pytest.mark.parametrize("module", [SSL, crypto])
def test_import_of_everything_gives_what_all_lists(module: ModuleType):
    names: dict[str, object] = {}
    exec(f"from {module.__name__} import *", names)
    del names["__builtins__"]
    assert sorted(names) == sorted(module.__all__)
    assert len(set(module.__all__)) == len(module.__all__)


def test_the_package_has_its_modules():
    names: dict[str, object] = {}
    exec("from OpenSSL import *", names)
    assert names["SSL"] is SSL
    assert names["crypto"] is crypto
    assert names["__version__"] == OpenSSL.__version__
    assert isinstance(names["rand"], ModuleType)


@pytest.mark.parametrize(
    ("alias", "name"),
    [("ContextType", "Context"), ("ConnectionType", "Connection")],
)
def test_type_names_of_ssl(alias, name):
    assert getattr(SSL, alias) is getattr(SSL, name)


class Callable:
    """An object that can be called."""

    def __init__(self):
        self.calls = []

    def __call__(self, *args):
        self.calls.append(args)
        return True

    def method(self, *args):
        """Do the same as a method."""
        return self(*args)


def functions(target: Callable):
    """Make callables of each kind that all end in a call of `target`."""
    return {
        "object": target,
        "method": target.method,
        "partial": functools.partial(target.method, "first"),
        "lambda": lambda *args: target(*args),
        "builtin": target.calls.append,
        "mock": mock.Mock(side_effect=target),
    }


@pytest.mark.parametrize("kind", ["object", "method", "partial", "lambda", "mock"])
def test_a_callback_is_anything_that_can_be_called(kind, ec: Authority):
    target = Callable()
    callback = functions(target)[kind]
    context = client_context(ec)
    context.set_verify(SSL.VERIFY_PEER, callback)
    context.set_info_callback(callback)
    pair = memory_pair(context, server_context(ec))
    pair.handshake()
    sizes = {len(args) - (kind == "partial") for args in target.calls}
    assert sizes == {3, 5}


def test_a_builtin_method_as_a_callback(ec: Authority):
    target = Callable()
    context = server_context(ec)
    context.set_tlsext_servername_callback(functions(target)["builtin"])
    pair = memory_pair(client_context(ec), context)
    pair.handshake()
    assert target.calls == [pair.server]


def test_a_class_as_a_passphrase_callback(ec: Authority):
    class Answer(bytes):
        def __new__(cls, *args):
            return super().__new__(cls, b"correct horse battery staple")

    key = crypto.load_privatekey(crypto.FILETYPE_PEM, ec.server.encrypted_key_pem, Answer)
    assert key.bits() == 256


class TestErrors:
    def test_args_are_a_list_of_triples(self):
        with pytest.raises(crypto.Error) as info:
            crypto.load_certificate(crypto.FILETYPE_PEM, b"nothing")
        (entries,) = info.value.args
        assert entries == [("PEM routines", "", "no start line")]
        assert type(entries) is list
        assert [type(entry) for entry in entries] == [tuple]
        library, function, reason = entries[-1]
        assert (library, function, reason) == ("PEM routines", "", "no start line")

    def test_of_ssl_too(self, ec: Authority):
        context = client_context(ec)
        with pytest.raises(SSL.Error) as info:
            context.set_cipher_list(b"no such cipher")
        assert info.value.args[0][0][0::2] == ("SSL routines", "no cipher match")

    def test_of_an_unexpected_end(self, ec: Authority):
        pair = memory_pair(client_context(ec), server_context(ec))
        pair.handshake()
        pair.client.bio_shutdown()
        with pytest.raises(SSL.SysCallError) as info:
            pair.client.recv(1)
        assert info.value.args == (-1, "Unexpected EOF")

    def test_can_be_made_and_caught_like_any_other(self):
        with pytest.raises(SSL.Error):
            raise SSL.SysCallError(104, "ECONNRESET")
        assert SSL.Error([("a", "b", "c")]).args == ([("a", "b", "c")],)
        assert not issubclass(crypto.Error, SSL.Error)
