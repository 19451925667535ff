"""Rules: the text of an extension is all that counts: no file, section or variable of the environment comes into it.

Bug class: extension text that reads files.
"""

import contextlib
import os
from pathlib import Path

import pytest
from OpenSSL import crypto

from tests.support.background import Background

VALUES = [
    ("proxyCertInfo", "language:id-ppl-anyLanguage,policy:file:{}"),
    ("proxyCertInfo", "language:id-ppl-anyLanguage, policy : file:{}"),
    ("proxyCertInfo", "critical,language:id-ppl-anyLanguage,policy:file:{}"),
    ("subjectAltName", "@{}"),
    ("subjectAltName", "DNS:a,@{}"),
    ("subjectAltName", "dirName:{}"),
    ("issuerAltName", "file:{}"),
    ("certificatePolicies", "@{}"),
    ("certificatePolicies", "1.2.3.4,@{}"),
    ("crlDistributionPoints", "{}"),
    ("issuingDistributionPoint", "@{}"),
    ("nameConstraints", "permitted;dirName:{}"),
    ("nsComment", "file:{}"),
    ("1.2.3.4", "file:{}"),
    ("1.2.3.4", "ASN1:SEQUENCE:{}"),
    ("1.2.3.4", "ASN1:FORMAT:FILE,OCT:{}"),
]


def outcome(name: str, value: str) -> bytes | None:
    """Make the extension; return its content, or None where it is refused."""
    with contextlib.suppress(crypto.Error):
        return crypto.X509Extension(name.encode(), False, value.encode()).get_data()
    return None


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_extension_text_that_reads_files(tmp_path: Path, name: str, value: str):
    """A pipe that nobody writes to is where the file would be: whoever opens it waits for ever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    asking = Background(lambda: outcome(name, value.format(pipe)))
    content = asking.result(10)
    if content is not None:
        # Where it is plain text, it is this text.
        assert str(pipe).encode() in content


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_extension_text_that_reads_files_of_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
):
    configuration = tmp_path / "openssl.cnf"
    configuration.write_text(
        "[secret]\nDNS.1=secret.example\nCN=secret\npolicyIdentifier=1.2.3.4\nfullname=URI:http://secret\n"
    )
    monkeypatch.setenv("OPENSSL_CONF", str(configuration))
    monkeypatch.setenv("secret", "DNS:secret.example")
    for place in ("secret", "ENV", "ENV::secret", "$ENV::secret", "${ENV::secret}"):
        content = outcome(name, value.format(place))
        assert content is None or place.encode() in content
