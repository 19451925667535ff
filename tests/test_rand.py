"""`OpenSSL.rand`: adding, taking, seed files. The entropy daemon has a file of its own."""

import array
import math
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import OpenSSL
import pytest
from OpenSSL import rand

from tests.support.rows import rows

BUFFERS = [b"abc", bytearray(b"abc"), memoryview(b"abc"), array.array("I", [1, 2, 3]), b""]


@rows(19)
def test_is_bound_by_the_package_and_does_not_warn() -> None:
    program = "import OpenSSL; assert OpenSSL.rand.status(); from OpenSSL import rand; import OpenSSL.rand"
    subprocess.run([sys.executable, "-I", "-W", "error", "-c", program], check=True)
    assert OpenSSL.rand is rand
    assert "rand" in OpenSSL.__all__


@rows(139, 140)
@pytest.mark.parametrize("entropy", [0, 3, 2.5, 0.0, True, 1e9, math.inf])
@pytest.mark.parametrize("buffer", BUFFERS)
def test_add_takes_any_bytes_and_an_estimate(buffer: bytes, entropy: float) -> None:
    assert rand.add(buffer, entropy) is None  # type: ignore[func-returns-value]


@rows(140)
@pytest.mark.parametrize("entropy", [-1, -0.5, math.nan, -math.inf])
def test_add_refuses_estimates_that_are_none(entropy: float) -> None:
    with pytest.raises(ValueError, match="entropy must not be negative"):
        rand.add(b"abc", entropy)


@pytest.mark.parametrize("entropy", ["3", b"3", None, 3j, [3]])
def test_add_refuses_estimates_of_other_types(entropy: object) -> None:
    with pytest.raises(TypeError, match="entropy must be an int or a float"):
        rand.add(b"abc", entropy)  # type: ignore[arg-type]


@pytest.mark.parametrize("buffer", ["abc", 3, None, [1, 2]])
def test_add_and_seed_refuse_what_are_no_bytes(buffer: object) -> None:
    with pytest.raises(TypeError, match="bytes-like"):
        rand.add(buffer, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="bytes-like"):
        rand.seed(buffer)  # type: ignore[arg-type]


@rows(149)
@pytest.mark.parametrize("buffer", BUFFERS)
def test_seed_is_add_of_all(buffer: bytes) -> None:
    assert rand.seed(buffer) is None  # type: ignore[func-returns-value]


def test_arguments_have_the_names_of_the_code() -> None:
    rand.add(buffer=b"abc", entropy=3)
    rand.seed(buffer=b"abc")
    assert len(rand.bytes(num_bytes=3)) == 3


@rows(150, 151)
def test_status_is_true_for_a_generator_that_seeds_itself() -> None:
    # False cannot be had: the library seeds itself from the operating system before it answers.
    assert rand.status() is True


@pytest.mark.parametrize("length", [0, 1, 16, 4096, 4097, 200_000])
def test_bytes_has_the_length_and_differs(length: int) -> None:
    one, other = rand.bytes(length), rand.bytes(length)
    assert type(one) is bytes
    assert len(one) == len(other) == length
    assert (one != other) is (length >= 16) or length == 1


def test_bytes_refuses_bad_counts() -> None:
    with pytest.raises(ValueError, match="num_bytes must not be negative"):
        rand.bytes(-1)
    for wrong in (None, "3", 3.0, b"3"):
        with pytest.raises(TypeError, match="num_bytes must be an integer"):
            rand.bytes(wrong)  # type: ignore[arg-type]
    with pytest.raises(MemoryError):
        rand.bytes(sys.maxsize - 100)
    with pytest.raises(OverflowError):
        rand.bytes(1 << 70)


def test_bytes_from_many_threads_never_repeat() -> None:
    found: list[bytes] = []

    def draw() -> None:
        for _ in range(200):
            rand.add(b"noise", 0.5)
            found.append(rand.bytes(16))

    threads = [threading.Thread(target=draw) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == len(found) == 1600


def test_a_fork_does_not_repeat_its_parent() -> None:
    program = """
import os
from OpenSSL import rand
rand.bytes(8)
read, write = os.pipe()
if os.fork() == 0:
    os.write(write, rand.bytes(16))
    os._exit(0)
assert os.read(read, 16) != rand.bytes(16)
os.wait()
"""
    subprocess.run([sys.executable, "-I", "-c", program], check=True)


@rows(152, 153)
def test_write_file_makes_a_secret_file_that_load_file_takes(tmp_path: Path) -> None:
    path = tmp_path / "seed"
    umask = os.umask(0)
    try:
        assert rand.write_file(path) == 1024
    finally:
        os.umask(umask)
    assert path.stat().st_size == 1024
    assert path.stat().st_mode & 0o777 == 0o600
    assert rand.load_file(path) == 1024
    first = path.read_bytes()
    assert rand.write_file(path) == 1024
    assert path.read_bytes() != first
    assert os.listdir(tmp_path) == ["seed"]


@pytest.mark.parametrize("kind", [str, os.fsencode, Path])
def test_paths_of_every_kind(tmp_path: Path, kind: type) -> None:
    path = kind(str(tmp_path / "s\u00e9ed"))
    assert rand.write_file(path) == 1024
    assert rand.load_file(path, 10) == 10
    assert rand.load_file(filename=path, maxbytes=11) == 11


def test_write_file_replaces_a_file_that_others_can_read(tmp_path: Path) -> None:
    path = tmp_path / "seed"
    path.write_bytes(b"old" * 1000)
    path.chmod(0o666)
    (tmp_path / "link").hardlink_to(path)
    with path.open("rb") as reader:
        assert rand.write_file(str(path)) == 1024
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.stat().st_size == 1024
        # Whoever had the old file sees nothing of the new one.
        assert reader.read() == (tmp_path / "link").read_bytes() == b"old" * 1000


def test_write_file_replaces_a_link_and_not_what_it_names(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    for target in (precious, tmp_path / "nothing"):
        link = tmp_path / "link"
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        assert rand.write_file(link) == 1024
        assert not link.is_symlink()
    assert precious.read_bytes() == b"precious"


def test_write_file_touches_nothing_but_files(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "socket"))
        for name in ("folder", "pipe", "socket"):
            assert rand.write_file(tmp_path / name) == -1
    assert rand.write_file("/dev/null") == -1
    assert Path("/dev/null").is_char_device()
    assert rand.write_file(tmp_path / "no" / "folder") == -1
    assert rand.write_file("") == -1
    assert sorted(os.listdir(tmp_path)) == ["folder", "pipe", "socket"]


@rows(145, 146, 147)
@pytest.mark.parametrize("size", [0, 1, 1000, 70_000])
def test_load_file_counts_what_it_reads(tmp_path: Path, size: int) -> None:
    path = tmp_path / "seed"
    path.write_bytes(os.urandom(size))
    assert rand.load_file(path) == size
    assert rand.load_file(path, -1) == rand.load_file(path, -100) == size
    for limit in (0, 1, 999, 65_536, 1 << 40):
        assert rand.load_file(path, limit) == min(limit, size)


def test_load_file_takes_some_of_what_has_no_end() -> None:
    assert rand.load_file("/dev/urandom") == 256
    assert rand.load_file("/dev/urandom", 1000) == 1000


def test_load_file_says_minus_one_where_there_is_none(tmp_path: Path) -> None:
    assert rand.load_file(tmp_path / "nothing") == -1
    assert rand.load_file(tmp_path) == -1
    assert rand.load_file("") == -1


@pytest.mark.parametrize("function", [rand.load_file, rand.write_file])
def test_what_are_no_paths(function: Callable[[object], int]) -> None:
    for wrong in (None, 3, 1.5, object()):
        with pytest.raises(TypeError):
            function(wrong)
    with pytest.raises(ValueError, match="NUL"):
        function("a\0b")
    for limit in ("3", None):
        with pytest.raises(TypeError, match="maxbytes must be an integer"):
            rand.load_file("/dev/zero", limit)  # type: ignore[arg-type]


@rows(148)
def test_screen_is_for_windows() -> None:
    assert hasattr(rand, "screen") is (sys.platform == "win32")


def test_error_and_cleanup_are_there() -> None:
    assert issubclass(rand.Error, Exception)
    assert rand.Error.__module__ == "OpenSSL.rand"
    assert rand.cleanup() is None  # type: ignore[func-returns-value]
    assert rand.status()
