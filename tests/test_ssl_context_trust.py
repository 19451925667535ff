"""Context: whom it trusts. Stores, files, hashed directories, the platform's, verification mode and depth."""

import os
from pathlib import Path

import pytest
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.pairs import connected
from tests.support.rows import rows
from tests.support.trusting import accepts, hashed_directory, verifying


@rows(161, 205)
def test_without_a_trusted_root_the_server_is_refused(ec: Authority):
    assert not accepts(verifying(), server_context(ec))


@rows(160)
def test_without_verification_any_server_is_accepted(ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_verify(SSL.VERIFY_NONE)
    assert accepts(context, server_context(ec))


@rows(197, 198)
def test_the_cert_store(ec: Authority, stranger: Authority):
    context = verifying()
    store = context.get_cert_store()
    assert type(store) is crypto.X509Store
    store.add_cert(stranger.root.x509)
    assert not accepts(context, server_context(ec))
    context.get_cert_store().add_cert(ec.root.x509)
    assert accepts(context, server_context(ec))
    assert accepts(context, server_context(stranger))


@rows(197)
def test_the_cert_store_outlives_its_context(ec: Authority):
    # Upstream's store borrows the context's pointer: there this reads freed memory, and hangs or crashes.
    store = SSL.Context(SSL.TLS_METHOD).get_cert_store()
    store.add_cert(ec.root.x509)
    store.add_cert(ec.intermediate.x509)
    assert crypto.X509StoreContext(store, ec.server.x509).verify_certificate() is None


@rows(204, 205, 208)
@pytest.mark.parametrize("arguments", [(), (None,)])
def test_a_file_of_trusted_certificates(rsa: Authority, ec: Authority, tmp_path: Path, arguments: tuple[None, ...]):
    file = tmp_path / "roots.pem"
    file.write_bytes(rsa.root.cert_pem + ec.root.cert_pem)
    context = verifying()
    assert context.load_verify_locations(str(file), *arguments) is None
    assert accepts(context, server_context(rsa))
    assert accepts(context, server_context(ec))


@rows(206)
def test_a_file_of_trusted_certificates_is_pem(ec: Authority):
    context = verifying()
    with pytest.raises(SSL.Error) as caught:
        context.load_verify_locations(ec.root.cert_der_file)
    assert caught.value.args[0]
    assert not accepts(context, server_context(ec))


@rows(207, 208)
def test_a_hashed_directory(ec: Authority, tmp_path: Path):
    context = verifying()
    assert context.load_verify_locations(None, hashed_directory(tmp_path / "hashed", ec.root.cert_pem)) is None
    assert accepts(context, server_context(ec))


@rows(207)
def test_a_directory_without_hashes_is_of_no_use(ec: Authority, tmp_path: Path):
    (tmp_path / "ca.pem").write_bytes(ec.root.cert_pem)
    context = verifying()
    context.load_verify_locations(None, str(tmp_path))
    assert not accepts(context, server_context(ec))


@rows(204)
def test_a_file_and_a_directory(rsa: Authority, ec: Authority, tmp_path: Path):
    context = verifying()
    context.load_verify_locations(rsa.root.cert_file, hashed_directory(tmp_path / "hashed", ec.root.cert_pem))
    assert accepts(context, server_context(rsa))
    assert accepts(context, server_context(ec))


@pytest.mark.parametrize("kind", [str, os.fsencode, Path])
def test_a_path_may_be_of_any_kind(ec: Authority, tmp_path: Path, kind: type):
    # C018
    file = tmp_path / "Wurzel ☃.pem"
    file.write_bytes(ec.root.cert_pem)
    directory = hashed_directory(tmp_path / "hashed ☃", ec.root.cert_pem)
    context = verifying()
    context.load_verify_locations(kind(str(file)))
    assert accepts(context, server_context(ec))
    context = verifying()
    context.load_verify_locations(None, kind(directory))
    assert accepts(context, server_context(ec))


@rows(209)
def test_not_both_may_be_none():
    # C023, C125: upstream's error is an empty list.
    with pytest.raises(SSL.Error) as caught:
        SSL.Context(SSL.TLS_METHOD).load_verify_locations(None)
    assert caught.value.args[0]
    with pytest.raises(SSL.Error) as caught:
        SSL.Context(SSL.TLS_METHOD).load_verify_locations(None, None)
    assert caught.value.args[0]


@pytest.mark.parametrize("value", [7, object(), 1.5])
def test_a_location_is_a_path(value: object):
    with pytest.raises(TypeError, match=r"."):
        SSL.Context(SSL.TLS_METHOD).load_verify_locations(value)
    with pytest.raises(TypeError, match=r"."):
        SSL.Context(SSL.TLS_METHOD).load_verify_locations(None, value)


@rows(202, 232, 233, 234, 235)
@pytest.mark.parametrize(
    "mode",
    [
        SSL.VERIFY_NONE,
        SSL.VERIFY_PEER,
        SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT,
        SSL.VERIFY_PEER | SSL.VERIFY_CLIENT_ONCE,
        SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT | SSL.VERIFY_CLIENT_ONCE,
    ],
)
def test_the_mode_is_what_was_set(mode: int):
    context = SSL.Context(SSL.TLS_METHOD)
    assert context.get_verify_mode() == SSL.VERIFY_NONE
    assert context.set_verify(mode) is None
    assert context.get_verify_mode() == mode
    assert context.set_verify(mode, None) is None
    assert context.set_verify(mode, lambda *arguments: True) is None
    assert context.get_verify_mode() == mode
    assert SSL.Connection(context, None).get_verify_mode() == mode


@pytest.mark.parametrize("mode", ["1", None, 1.0])
def test_the_mode_is_an_integer(mode: object):
    with pytest.raises(TypeError, match=r"."):
        SSL.Context(SSL.TLS_METHOD).set_verify(mode, lambda *arguments: True)


@pytest.mark.parametrize("callback", [7, "callback", object()])
def test_the_callback_is_callable(callback: object):
    with pytest.raises(TypeError, match=r"callable"):
        SSL.Context(SSL.TLS_METHOD).set_verify(SSL.VERIFY_PEER, callback)


@rows(201, 239)
def test_the_depth_is_what_was_set():
    context = SSL.Context(SSL.TLS_METHOD)
    assert context.get_verify_depth() == -1
    assert context.set_verify_depth(11) is None
    assert context.get_verify_depth() == 11


@rows(239)
@pytest.mark.parametrize(("depth", "accepted"), [(0, False), (1, True), (2, True)])
def test_the_depth_limits_the_chain(ec: Authority, depth: int, accepted: bool):
    context = client_context(ec)
    context.set_verify_depth(depth)
    assert accepts(context, server_context(ec)) == accepted


@pytest.mark.parametrize("depth", ["1", None, 1.5])
def test_the_depth_is_an_integer(depth: object):
    with pytest.raises(TypeError, match=r"."):
        SSL.Context(SSL.TLS_METHOD).set_verify_depth(depth)


@rows(203)
def test_the_names_of_the_cas_that_a_server_accepts(ec: Authority):
    server = server_context(ec)
    assert server.load_client_ca(ec.root.cert_file) is None
    server.set_verify(SSL.VERIFY_PEER, lambda *arguments: True)
    with connected(client_context(ec), server, "memory") as pair:
        assert [name.CN for name in pair.client.get_client_ca_list()] == ["ec root"]


def test_deleting_the_files_afterwards_changes_nothing(ec: Authority, tmp_path: Path):
    file = tmp_path / "root.pem"
    file.write_bytes(ec.root.cert_pem)
    context = verifying()
    context.load_verify_locations(str(file))
    file.unlink()
    assert accepts(context, server_context(ec))
    assert accepts(context, server_context(ec))
