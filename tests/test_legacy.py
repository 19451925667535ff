"""Programs as they were written for releases of long ago (tests/legacy), which use what has since been removed.

Each runs in a process of its own, in a folder of its own, and says what it found. Where it leaves files, real peers
read them.
"""

import subprocess
import sys
from pathlib import Path

from tests.support.authority import Authority
from tests.support.background import PATIENCE
from tests.support.programs import run

PROGRAMS = Path(__file__).parent / "legacy"


def printed(name: str, folder: Path) -> list[str]:
    """Run a program; the lines that it prints."""
    # Some pass a str where bytes are meant, which is taken with a warning, as upstream.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", str(PROGRAMS / f"{name}.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def openssl(*arguments: str | Path, stdin: bytes = b"") -> str:
    """What the program openssl prints, which must succeed."""
    done = run(["openssl", *map(str, arguments)], stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_every_program_is_run():
    text = Path(__file__).read_text(encoding="utf-8")
    names = [path.stem for path in PROGRAMS.glob("*.py")]
    assert len(names) == 10
    assert [name for name in names if f'"{name}"' not in text] == []


def test_certificates(tmp_path: Path):
    assert printed("certificates_0_7", tmp_path) == [
        "simple True Simple Client Legacy",
        "server True Simple Server Legacy",
        "True 1024 True",
        "True 0 False 0",
        "Certificate Authority / Somebody Else / (b'OU', b'Legacy')",
        "True 15",
        "True verified",
    ]
    verify = ("verify", "-auth_level", "0", "-CAfile", tmp_path / "CA.cert")
    assert openssl(*verify, tmp_path / "server.cert").endswith("OK\n")
    openssl("rsa", "-in", tmp_path / "server.pkey", "-passin", "pass:secret", "-check", "-noout")


def test_server(tmp_path: Path):
    assert printed("server_0_7", tmp_path) == [
        "{'name': 'server'} 600",
        "one",
        "two",
        "[(0, 'The Server'), (1, 'A CA')] The Server",
        "True False 0",
        "True True",
        "end False",
    ]


def test_entropy(tmp_path: Path):
    assert printed("entropy_0_7", tmp_path) == [
        "egd 100",
        "no egd -1",
        "status True",
        "written 1024 1024",
        "read 512 1024",
        "bytes 40 True",
        "screen False",
        "refused",
    ]
    assert (tmp_path / "seed").stat().st_mode & 0o777 == 0o600


def test_messages(tmp_path: Path, rsa: Authority):
    cert = rsa.root.cert_file
    (tmp_path / "cert.pem").write_bytes(rsa.root.cert_pem)
    for form in ("pem", "der"):
        written = ("-outform", form, "-out")
        signer = ("-signer", rsa.server.cert_file, "-inkey", rsa.server.key_file)
        openssl("smime", "-sign", *signer, *written, tmp_path / f"signed.{form}", stdin=b"text")
        openssl("smime", "-encrypt", "-aes128", *written, tmp_path / f"enveloped.{form}", cert, stdin=b"text")
        openssl("crl2pkcs7", "-nocrl", "-certfile", cert, *written, tmp_path / f"certificates.{form}")
    assert printed("messages_0_7", tmp_path) == [
        "signed pem pkcs7-signedData 1 0 0 0",
        "signed der pkcs7-signedData 1 0 0 0",
        "enveloped pem pkcs7-envelopedData 0 1 0 0",
        "enveloped der pkcs7-envelopedData 0 1 0 0",
        "certificates pem pkcs7-signedData 1 0 0 0",
        "certificates der pkcs7-signedData 1 0 0 0",
        "refused True 3",
        "True None None",
    ]


def test_requests(tmp_path: Path):
    assert printed("requests_0_13", tmp_path) == [
        "the request is signed 0",
        "subjectAltName False DNS:host.example, DNS:www.host.example, IP Address:10.0.0.1",
        "keyUsage True Digital Signature",
        "3 20991231235959Z 0x123456789abcdef0123456789abcdef",
        "subjectAltName sha1WithRSAEncryption",
        "Blåbär True",
    ]
    text = openssl("req", "-in", tmp_path / "host.req", "-inform", "der", "-verify", "-noout", "-text")
    assert "DNS:www.host.example, IP Address:10.0.0.1" in text
    # 0 takes the signature with SHA-1, and keys of 1024 bits.
    verify = ("verify", "-auth_level", "0", "-CAfile", tmp_path / "ca.pem")
    assert openssl(*verify, tmp_path / "host.pem").endswith("OK\n")


def test_bundle(tmp_path: Path):
    assert printed("bundle_0_13", tmp_path) == [
        "None None None None",
        "True b'a friend' Leaf",
        "['Root']",
        "True",
        "refused PKCS12 routines",
        "None None 4",
    ]
    read = ("pkcs12", "-in", tmp_path / "leaf.p12", "-passin", "pass:open sesame", "-noenc")
    text = openssl(*read)
    assert "friendlyName: a friend" in text
    assert text.count("BEGIN CERTIFICATE") == 2
    assert text.count("BEGIN PRIVATE KEY") == 1


def test_memory(tmp_path: Path):
    assert printed("memory_0_13", tmp_path) == [
        "['start', b'memory.example', 'done']",
        "['memory', 'memory'] application",
        "100000 32 True",
        "memory True",
        "clean clean",
        "True OpenSSL ",
    ]


def test_revocation(tmp_path: Path):
    assert printed("revocation_17", tmp_path) == [
        "Root [(b'0BAD', b'Key Compromise')]",
        "keyCompromise True",
        "True",
        "None None",
        "None ('Bad', 23)",
    ]
    checked = run(["openssl", "crl", "-in", str(tmp_path / "list.pem"), "-CAfile", str(tmp_path / "ca.pem"), "-noout"])
    assert b"verify OK" in checked.stderr


def test_signatures(tmp_path: Path):
    assert printed("signatures_17", tmp_path) == [
        "sha1 256 refuses what was not signed",
        "sha256 256 refuses what was not signed",
        "sha512 256 refuses what was not signed",
        "a public key does not sign",
        "True True True",
        "True",
        "another key does not verify it",
    ]
    for digest in ("sha1", "sha256", "sha512"):
        check = ("dgst", f"-{digest}", "-verify", tmp_path / "public.pem", "-signature")
        assert openssl(*check, tmp_path / f"signature.{digest}", tmp_path / "data") == "Verified OK\n"
    openssl("spkac", "-in", tmp_path / "spkac", "-verify", "-noout")


def test_client(tmp_path: Path):
    assert printed("client_22", tmp_path) == [
        "True True secp256r1",
        "True http/1.1 TLSv1.3",
        "TLSv1.3 20 SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "['localhost'] None",
        "a datagram True DTLSv1.2",
    ]
