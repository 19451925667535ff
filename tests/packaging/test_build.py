"""The build takes the C library from where it is told to."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

from tests.support.rows import rows

ROOT = Path(__file__).resolve().parents[2]


def installed_openssl() -> tuple[Path, Path]:
    """Find an OpenSSL to build with: the headers' folder and that of the libraries, of our own build or the system."""
    target = Path(os.environ.get("IRONSSL_WHEELS", ROOT / "target/wheel")).parent
    builds = sorted(target.glob("release/build/openssl-sys-*/out/openssl-build/install/include/openssl/ssl.h"))
    if builds:
        install = builds[-1].parents[2]
        (library,) = install.glob("lib*/libssl.a")
        return install / "include", library.parent
    libraries = Path("/usr/lib") / str(sysconfig.get_config_var("MULTIARCH"))
    return Path("/usr/include"), libraries if (libraries / "libssl.so").exists() else Path("/usr/lib64")


@rows(10)
def test_headers_and_libraries_from_another_place(tmp_path: Path) -> None:
    include, libraries = installed_openssl()
    (tmp_path / "headers").symlink_to(include)
    (tmp_path / "objects").symlink_to(libraries)
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OPENSSL_", "CARGO_TARGET", "CARGO_PROFILE"))
    }
    places = {"OPENSSL_INCLUDE_DIR": str(tmp_path / "headers"), "OPENSSL_LIB_DIR": str(tmp_path / "objects")}
    command = ["cargo", "check", "--release", "--locked", "--offline", "--package", "openssl-sys"]
    subprocess.run(
        [*command, "--target-dir", str(tmp_path / "target")],
        cwd=ROOT,
        env={**environment, **places, "OPENSSL_NO_VENDOR": "1"},
        check=True,
        capture_output=True,
    )
    (said,) = (tmp_path / "target").glob("release/build/openssl-sys-*/output")
    lines = said.read_text().splitlines()
    assert f"cargo:rustc-link-search=native={tmp_path / 'objects'}" in lines
    assert f"cargo:include={tmp_path / 'headers'}" in lines
    shutil.rmtree(tmp_path / "target")
