"""load_privatekey and dump_privatekey: forms, passphrases and their callbacks; load_publickey and dump_publickey."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)
from OpenSSL import SSL, crypto

from tests.conftest import UPSTREAM
from tests.support.authority import PASSPHRASE
from tests.support.issuing import dsa_key, rsa_key
from tests.support.programs import run
from tests.support.rows import rows

PEM, ASN1, TEXT = crypto.FILETYPE_PEM, crypto.FILETYPE_ASN1, crypto.FILETYPE_TEXT

ours_only = pytest.mark.skipif(UPSTREAM, reason="upstream differs")


def public(key):
    return crypto.dump_publickey(ASN1, key)


class TestPlain:
    @rows(46, 54)
    @pytest.mark.parametrize("key", [rsa_key, dsa_key])
    @pytest.mark.parametrize("file_type", [PEM, ASN1])
    def test_round_trip(self, key, file_type):
        data = crypto.dump_privatekey(file_type, key())
        again = crypto.load_privatekey(file_type, data)
        assert type(again) is crypto.PKey
        assert (again.type(), again.bits(), public(again)) == (key().type(), key().bits(), public(key()))
        assert crypto.dump_privatekey(file_type, again) == data

    @rows(46)
    def test_forms(self):
        pem = crypto.dump_privatekey(PEM, rsa_key())
        assert pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
        theirs = load_pem_private_key(pem, None)
        traditional = theirs.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        assert crypto.dump_privatekey(ASN1, rsa_key()) == traditional
        assert load_der_private_key(traditional, None).private_numbers() == theirs.private_numbers()

    @rows(46)
    def test_others_read_it(self):
        judged = run(["openssl", "rsa", "-check", "-noout"], crypto.dump_privatekey(PEM, rsa_key()))
        assert b"RSA key ok" in judged.stdout

    @rows(54)
    def test_what_others_write(self, rsa, ec):
        for authority in (rsa, ec):
            identity = authority.server
            expected = identity.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            traditional = identity.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
            pkcs8 = identity.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            for file_type, data in (
                (PEM, identity.key_pem),
                (PEM, traditional),
                (PEM, b"comment\n" + identity.cert_pem + identity.key_pem),
                (ASN1, identity.key_der),
                (ASN1, pkcs8),
            ):
                assert public(crypto.load_privatekey(file_type, data)) == expected

    def test_ed25519_round_trip(self):
        key = crypto.PKey.from_cryptography_key(ed25519.Ed25519PrivateKey.generate())
        for file_type in (PEM, ASN1):
            again = crypto.load_privatekey(file_type, crypto.dump_privatekey(file_type, key))
            assert public(again) == public(key)

    def test_text(self):
        text = crypto.dump_privatekey(TEXT, rsa_key())
        assert text.startswith(b"RSA Private-Key: (1024 bit")
        with pytest.raises(TypeError, match="Only RSA"):
            crypto.dump_privatekey(TEXT, dsa_key())

    @rows(55)
    @pytest.mark.parametrize("file_type", [0, 3, -1, 58, None, "PEM", object()])
    def test_other_types(self, file_type):
        for use in (
            lambda: crypto.load_privatekey(file_type, b""),
            lambda: crypto.dump_privatekey(file_type, rsa_key()),
            lambda: crypto.load_publickey(file_type, b""),
            lambda: crypto.dump_publickey(file_type, rsa_key()),
        ):
            with pytest.raises(ValueError, match="type argument must be"):
                use()

    @rows(55)
    def test_text_is_only_written(self):
        for use in (crypto.load_privatekey, crypto.load_publickey):
            with pytest.raises(ValueError, match="type argument must be"):
                use(TEXT, b"")
        with pytest.raises(ValueError, match="type argument must be"):
            crypto.dump_publickey(TEXT, rsa_key())

    def test_the_other_form(self, rsa):
        with pytest.raises(crypto.Error):
            crypto.load_privatekey(PEM, rsa.server.key_der)
        with pytest.raises(crypto.Error):
            crypto.load_privatekey(ASN1, rsa.server.key_pem)

    def test_a_certificate_or_public_key_is_no_private_key(self, rsa):
        for file_type, data in (
            (PEM, rsa.server.cert_pem),
            (ASN1, rsa.server.cert_der),
            (PEM, crypto.dump_publickey(PEM, rsa_key())),
            (ASN1, crypto.dump_publickey(ASN1, rsa_key())),
        ):
            with pytest.raises(crypto.Error) as info:
                crypto.load_privatekey(file_type, data)
            assert info.value.args[0]

    def test_truncated_and_garbage(self, rsa):
        for file_type, data in ((PEM, rsa.server.key_pem), (ASN1, rsa.server.key_der)):
            for length in range(0, len(data) - 30, 61):
                with pytest.raises(crypto.Error) as info:
                    crypto.load_privatekey(file_type, data[:length])
                assert info.value.args[0]
            with pytest.raises(crypto.Error):
                crypto.load_privatekey(file_type, b"\0" + data)

    @ours_only
    @pytest.mark.parametrize("kind", [bytearray, memoryview])
    def test_buffers(self, kind, rsa):
        for file_type, data in ((PEM, rsa.server.key_pem), (ASN1, rsa.server.key_der)):
            assert crypto.load_privatekey(file_type, kind(data)).bits() == 2048

    @pytest.mark.parametrize("thing", [1, object()])
    def test_wrong_types(self, thing):
        with pytest.raises(TypeError):
            crypto.load_privatekey(PEM, thing)
        with pytest.raises(TypeError):
            crypto.dump_privatekey(PEM, thing)


class TestEncrypted:
    @rows(47, 48, 56)
    @pytest.mark.parametrize("cipher", ["aes-256-cbc", "AES-128-CBC", "des3", "blowfish", "camellia-256-cbc"])
    @pytest.mark.parametrize("passphrase", [b"secret", b"nul\0inside", b"\xff\x80", b"x" * 1024, b""])
    def test_round_trip(self, cipher, passphrase):
        data = crypto.dump_privatekey(PEM, rsa_key(), cipher, passphrase)
        assert data.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
        assert public(crypto.load_privatekey(PEM, data, passphrase)) == public(rsa_key())
        for wrong in (b"wrong", passphrase[:-1] + b"!"):
            with pytest.raises(crypto.Error) as info:
                crypto.load_privatekey(PEM, data, wrong)
            assert info.value.args[0]

    @rows(47)
    def test_others_read_it(self):
        data = crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc", b"secret")
        assert load_pem_private_key(data, b"secret").key_size == 1024
        judged = run(["openssl", "pkey", "-passin", "pass:secret", "-pubout", "-outform", "DER"], data)
        assert judged.stdout == public(rsa_key())

    @rows(56)
    def test_what_others_write(self, rsa, ec):
        for identity in (rsa.server, ec.server):
            assert crypto.load_privatekey(PEM, identity.encrypted_key_pem, PASSPHRASE).bits() == identity.key.key_size
            how = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(PASSPHRASE))
            traditional = identity.key.private_bytes(*how)
            assert b"Proc-Type: 4,ENCRYPTED" in traditional
            assert crypto.load_privatekey(PEM, traditional, PASSPHRASE).bits() == identity.key.key_size
            with pytest.raises(crypto.Error):
                crypto.load_privatekey(PEM, traditional, b"wrong")
            for encrypted in (traditional, identity.encrypted_key_pem):
                with pytest.raises(crypto.Error) as info:
                    crypto.load_privatekey(PEM, encrypted)
                assert info.value.args[0][-1] == ("PEM routines", "", "bad password read")

    @rows(56)
    @pytest.mark.parametrize(
        "how",
        [
            ["rsa", "-traditional", "-des"],
            ["pkcs8", "-topk8", "-v1", "PBE-MD5-DES"],
            ["pkcs8", "-topk8", "-v1", "PBE-SHA1-RC2-40"],
            ["pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES"],
        ],
    )
    def test_what_old_programs_wrote(self, how):
        providers = ["-provider", "legacy", "-provider", "default"]
        plain = crypto.dump_privatekey(PEM, rsa_key())
        written = run(["openssl", *how, "-passout", "pass:secret", *providers], plain)
        assert b"ENCRYPTED" in written.stdout, written
        assert public(crypto.load_privatekey(PEM, written.stdout, b"secret")) == public(rsa_key())
        with pytest.raises(crypto.Error):
            crypto.load_privatekey(PEM, written.stdout, b"wrong")
        assert crypto.load_privatekey(PEM, written.stdout, lambda writing: b"secret").bits() == 1024

    @rows(48)
    @ours_only
    def test_str_is_utf8(self):
        data = crypto.dump_privatekey(PEM, rsa_key(), "aes-128-cbc", "pässword")
        assert crypto.load_privatekey(PEM, data, "pässword".encode()).bits() == 1024
        assert crypto.load_privatekey(PEM, data, "pässword").bits() == 1024

    @rows(56)
    def test_a_passphrase_that_is_not_needed(self):
        data = crypto.dump_privatekey(PEM, rsa_key())
        assert crypto.load_privatekey(PEM, data, b"not needed").bits() == 1024
        assert crypto.load_privatekey(PEM, data, lambda writing: pytest.fail("called")).bits() == 1024

    def test_passphrase_without_cipher(self):
        assert b"ENCRYPTED" not in crypto.dump_privatekey(PEM, rsa_key(), None, b"secret")

    def test_cipher_without_passphrase(self):
        with pytest.raises(TypeError, match="passphrase"):
            crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc")

    @pytest.mark.parametrize("cipher", ["", "no such cipher", "é"])
    def test_unknown_cipher(self, cipher):
        with pytest.raises(ValueError, match="Invalid cipher name"):
            crypto.dump_privatekey(PEM, rsa_key(), cipher, b"secret")

    @ours_only
    def test_cipher_with_nul(self):
        with pytest.raises(ValueError, match="Invalid cipher name"):
            crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc\0", b"secret")

    def test_a_cipher_that_cannot_encrypt_keys(self):
        with pytest.raises(crypto.Error) as info:
            crypto.dump_privatekey(PEM, rsa_key(), "aes-256-gcm", b"secret")
        assert info.value.args[0]

    @rows(50)
    def test_only_pem(self):
        for file_type in (ASN1, TEXT):
            with pytest.raises(ValueError, match="only FILETYPE_PEM"):
                crypto.dump_privatekey(file_type, rsa_key(), "aes-256-cbc", b"secret")
        for passphrase in (b"secret", lambda writing: b"secret"):
            with pytest.raises(ValueError, match="only FILETYPE_PEM"):
                crypto.load_privatekey(ASN1, b"", passphrase)

    def test_too_long(self):
        data = crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc", b"secret")
        with pytest.raises(ValueError, match="passphrase returned by callback is too long"):
            crypto.load_privatekey(PEM, data, b"x" * 1025)
        with pytest.raises(ValueError, match="passphrase returned by callback is too long"):
            crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc", b"x" * 1025)

    @pytest.mark.parametrize("thing", [1, object(), ["x"]])
    def test_wrong_types(self, thing):
        data = crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc", b"secret")
        with pytest.raises(TypeError, match="Last argument must be a byte string or a callable"):
            crypto.load_privatekey(PEM, data, thing)
        with pytest.raises(TypeError, match="Last argument must be a byte string or a callable"):
            crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc", thing)


class TestCallback:
    @rows(49, 57)
    def test_called_once_with_one_argument(self):
        calls = []

        def callback(*arguments):
            calls.append(arguments)
            return b"secret"

        data = crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc", callback)
        assert crypto.load_privatekey(PEM, data, callback).bits() == 1024
        assert calls == [(True,), (False,)]
        assert crypto.load_privatekey(PEM, data, b"secret").bits() == 1024

    @ours_only
    def test_called_once_also_where_it_is_wrong(self):
        data = crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc", b"secret")
        calls = []
        with pytest.raises(crypto.Error):
            crypto.load_privatekey(PEM, data, lambda writing: calls.append(writing) or b"wrong")
        assert calls == [False]

    @rows(57)
    @pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_exceptions_come_out(self, kind):
        data = crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc", b"secret")
        raised = kind("mine")

        def callback(writing):
            raise raised

        with pytest.raises(kind) as info:
            crypto.load_privatekey(PEM, data, callback)
        assert info.value is raised
        with pytest.raises(kind):
            crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc", callback)

    @pytest.mark.parametrize("result", [None, "secret", 1, bytearray(b"secret"), [b"x"]])
    def test_other_results(self, result):
        data = crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc", b"secret")
        with pytest.raises(ValueError, match="Bytes expected"):
            crypto.load_privatekey(PEM, data, lambda writing: result)

    def test_too_long(self):
        data = crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc", b"secret")
        with pytest.raises(ValueError, match="passphrase returned by callback is too long"):
            crypto.load_privatekey(PEM, data, lambda writing: b"x" * 1025)

    def test_a_callback_that_loads_another_key(self):
        inner = crypto.dump_privatekey(PEM, rsa_key(1), "aes-256-cbc", b"inner")
        outer = crypto.dump_privatekey(PEM, rsa_key(), "aes-256-cbc", b"outer")

        def callback(writing):
            assert crypto.load_privatekey(PEM, inner, b"inner").bits() == 1024
            with pytest.raises(crypto.Error):
                crypto.load_privatekey(PEM, inner, b"wrong")
            return b"outer"

        assert public(crypto.load_privatekey(PEM, outer, callback)) == public(rsa_key())


@ours_only
@pytest.mark.parametrize("form", ["pkcs8", "traditional", "der"])
def test_nobody_is_asked_on_a_terminal(form, rsa, tmp_path):
    encryption = BestAvailableEncryption(PASSPHRASE)
    data = {
        "pkcs8": rsa.server.encrypted_key_pem,
        "traditional": rsa.server.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, encryption),
        "der": rsa.server.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, encryption),
    }[form]
    file = tmp_path / "key"
    file.write_bytes(data)
    program = (
        "import sys\n"
        "from OpenSSL import crypto\n"
        "try:\n"
        "    crypto.load_privatekey(int(sys.argv[2]), open(sys.argv[1], 'rb').read())\n"
        "except crypto.Error as error:\n"
        "    sys.exit(0 if error.args[0] else 2)\n"
        "sys.exit(3)\n"
    )
    ours, theirs = pty.openpty()
    try:
        ended = subprocess.run(
            [sys.executable, "-c", program, str(file), str(ASN1 if form == "der" else PEM)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            timeout=20,
            check=False,
        )
        os.set_blocking(ours, False)
        try:
            said = os.read(ours, 1000)
        except BlockingIOError:
            said = b""
    finally:
        os.close(ours)
        os.close(theirs)
    assert (ended.returncode, said) == (0, b"")


class TestPublic:
    @pytest.mark.parametrize("key", [rsa_key, dsa_key])
    @pytest.mark.parametrize("file_type", [PEM, ASN1])
    def test_round_trip(self, key, file_type):
        data = crypto.dump_publickey(file_type, key())
        again = crypto.load_publickey(file_type, data)
        assert type(again) is crypto.PKey
        assert again._only_public
        assert (again.type(), again.bits()) == (key().type(), key().bits())
        assert crypto.dump_publickey(file_type, again) == data

    def test_others_read_it(self):
        judged = run(["openssl", "pkey", "-pubin", "-outform", "DER"], crypto.dump_publickey(PEM, rsa_key()))
        assert judged.stdout == public(rsa_key())

    def test_a_private_key_is_no_public_key(self, rsa):
        for file_type, data in ((PEM, rsa.server.key_pem), (ASN1, rsa.server.key_der), (PEM, b""), (ASN1, b"")):
            with pytest.raises(crypto.Error) as info:
                crypto.load_publickey(file_type, data)
            assert info.value.args[0]

    @ours_only
    @pytest.mark.parametrize("thing", [None, object(), b"x"])
    def test_dump_wrong_types(self, thing):
        with pytest.raises(TypeError):
            crypto.dump_publickey(PEM, thing)


@pytest.mark.parametrize("how", ["load", "dump", "bundle", "callback", "PKCS12", "load PKCS12"])
def test_a_passphrase_that_cannot_be_encoded_is_not_shown(how: str, tmp_path: Path):
    secret = b"hunter2-gr\xfc\xdfe".decode("utf-8", "surrogateescape")
    key = rsa_key()
    pem = crypto.dump_privatekey(crypto.FILETYPE_PEM, key, "aes-256-cbc", b"passphrase")
    path = tmp_path / "key.pem"
    path.write_bytes(pem)
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_passwd_cb(lambda *arguments: secret)
    work = {
        "load": lambda: crypto.load_privatekey(crypto.FILETYPE_PEM, pem, secret),
        "dump": lambda: crypto.dump_privatekey(crypto.FILETYPE_PEM, key, "aes-256-cbc", secret),
        "bundle": lambda: crypto.load_pem_bundle(pem, secret),
        "callback": lambda: context.use_privatekey_file(str(path)),
        "PKCS12": lambda: crypto.PKCS12().export(secret),
        "load PKCS12": lambda: crypto.load_pkcs12(b"", secret),
    }[how]
    with pytest.raises(ValueError, match="the passphrase cannot be encoded") as caught:
        work()
    assert type(caught.value) is ValueError
    assert caught.value.__context__ is None
    assert "hunter2" not in repr(caught.value)


def holds(error: BaseException, secret: str) -> bool:
    """Say whether a program that logs an exception in any way would log the secret."""
    seen = [repr(error), str(error), str(error.args), str(getattr(error, "object", ""))]
    rest = error.__context__ or error.__cause__
    return any(secret in text for text in seen) or (rest is not None and holds(rest, secret))


@ours_only
@pytest.mark.parametrize("load", ["load_privatekey", "load_pem_bundle", "load_pkcs12"])
def test_a_key_that_is_not_ascii_is_not_shown(load: str):
    pem = crypto.dump_privatekey(PEM, rsa_key()).decode()
    secret = pem[100:140]
    loader = {
        "load_privatekey": lambda text: crypto.load_privatekey(PEM, text),
        "load_pem_bundle": crypto.load_pem_bundle,
        "load_pkcs12": crypto.load_pkcs12,
    }[load]
    for bad in ("é", "\udcff", "éü"):
        with pytest.raises(UnicodeEncodeError) as info:
            loader(pem + bad + "\n")
        assert not holds(info.value, secret)
        assert (info.value.encoding, info.value.start, info.value.end) == ("ascii", len(pem), len(pem) + len(bad))
        assert str(len(pem)) in str(info.value)
