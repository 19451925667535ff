"""The table of the suites: what is tested, how its tests are fetched and run, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.conformance import exclusions
from tests.conformance.exclusions import Exclusion

HERE = Path(__file__).parent
# The release that takes part where the suite is another program's.
NEWEST = "26.4.0"


@dataclass(frozen=True)
class Suite:
    """One project's tests in one version."""

    name: str
    """What `make conformance SUITE=` calls it; requirements/NAME.txt pins its environment."""
    title: str
    """How tables name it."""
    distribution: str
    version: str
    tests: tuple[str, ...]
    """What pytest is given: paths in the source distribution, or modules of the installed package."""
    unpacked: tuple[str, ...] = ()
    """What of the source distribution the tests need. None: the tests are in the wheel."""
    original: str = NEWEST
    """The release of pyOpenSSL to compare with."""
    python: str | None = None
    """The version of CPython, where an old test environment has one that it needs."""
    plugins: tuple[str, ...] = ()
    """Plug-ins for pytest out of plugin/, besides the recorder."""
    openssl_conf: str | None = None
    """OpenSSL's configuration, a file in plugin/, for both packages; without one there is none."""
    excluded: tuple[Exclusion, ...] = ()
    most_excluded: int = 0
    """How many test functions `excluded` may name."""
    seconds: int = 600
    """How long a run of all tests may take."""

    @property
    def requirements(self) -> Path:
        """The file that pins all packages of the environment but the one under test."""
        return HERE / "requirements" / f"{self.name}.txt"


def pyopenssl(
    version: str,
    excluded: tuple[Exclusion, ...],
    most_excluded: int,
    python: str | None = None,
    plugins: tuple[str, ...] = (),
    openssl_conf: str | None = None,
) -> Suite:
    """Name the tests of a release of pyOpenSSL."""
    return Suite(
        name=f"pyopenssl-{version}",
        title=f"pyOpenSSL {version}",
        distribution="pyOpenSSL",
        version=version,
        tests=("tests",),
        unpacked=("tests",),
        original=version,
        python=python,
        plugins=plugins,
        openssl_conf=openssl_conf,
        excluded=excluded,
        most_excluded=most_excluded,
    )


SCRAPY_HTTP11 = (
    "TestHttps",
    "TestSimpleHttps",
    "TestHttpsWrongHostname",
    "TestHttpsInvalidDNSId",
    "TestHttpsInvalidDNSPattern",
    "TestHttpsCustomCiphers",
    "TestHttpsTLSVersion",
    "TestHttpsWithCrawler",
    "TestHttpsProxy",
)
SCRAPY_HTTP2 = (
    "TestHttp2",
    "TestSimpleHttp2",
    "TestHttp2WrongHostname",
    "TestHttp2InvalidDNSId",
    "TestHttp2InvalidDNSPattern",
    "TestHttp2CustomCiphers",
    "TestHttp2TLSVersion",
    "TestHttp2WithCrawler",
)

SUITES: dict[str, Suite] = {
    suite.name: suite
    for suite in (
        pyopenssl("26.4.0", exclusions.PYOPENSSL_26_4_0, 18),
        pyopenssl("23.2.0", exclusions.PYOPENSSL_23_2_0, 30, plugins=("removed_names_warn",)),
        pyopenssl("22.0.0", exclusions.PYOPENSSL_22_0_0, 45, python="3.11"),
        pyopenssl("17.5.0", exclusions.PYOPENSSL_17_5_0, 60, python="3.11", openssl_conf="weak_keys.cnf"),
        Suite(
            name="twisted",
            title="Twisted 26.10.0",
            distribution="Twisted",
            version="26.10.0",
            tests=(
                "twisted.test.test_ssl",
                "twisted.test.test_sslverify",
                "twisted.test.test_sni",
                "twisted.protocols.test.test_tls",
                "twisted.internet.test.test_tls",
                "twisted.internet.test.test_newtls",
            ),
        ),
        Suite(
            name="urllib3",
            title="urllib3 2.8.0",
            distribution="urllib3",
            version="2.8.0",
            tests=("test/contrib/test_pyopenssl.py", "test/contrib/test_pyopenssl_dependencies.py"),
            unpacked=("test", "dummyserver", "pyproject.toml"),
            plugins=("hypercorn_tls",),
        ),
        Suite(
            name="service-identity",
            title="service-identity 26.1.0",
            distribution="service-identity",
            version="26.1.0",
            tests=("tests",),
            unpacked=("tests", "pyproject.toml"),
        ),
        Suite(
            name="trustme",
            title="trustme 1.2.1",
            distribution="trustme",
            version="1.2.1",
            tests=("tests",),
            unpacked=("tests", "pyproject.toml"),
        ),
        Suite(
            name="cheroot",
            title="cheroot 11.1.2",
            distribution="cheroot",
            version="11.1.2",
            tests=("cheroot.test.test_ssl",),
        ),
        Suite(
            name="scrapy",
            title="Scrapy 2.19.0",
            distribution="Scrapy",
            version="2.19.0",
            tests=(
                "tests/test_core_downloader.py",
                "tests/test_utils_ssl.py",
                # Without those that ask real sites.
                *(f"tests/test_downloader_handler_twisted_http11.py::{name}" for name in SCRAPY_HTTP11),
                *(f"tests/test_downloader_handler_twisted_http2.py::{name}" for name in SCRAPY_HTTP2),
            ),
            unpacked=("tests", "conftest.py"),
        ),
        Suite(
            name="pyftpdlib",
            title="pyftpdlib 1.5.10",
            distribution="pyftpdlib",
            version="1.5.10",
            tests=("pyftpdlib.test.test_functional_ssl",),
            # Its server is built on asyncore, which later ones do not have.
            python="3.11",
        ),
    )
}
