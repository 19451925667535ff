"""tools/house.py sees each thing that it is there to see, and nothing else."""

from pathlib import Path

import pytest

from tools import house

LIBRARY = "crates/python/src/lib.rs"

# What is put into a tree that is in order, and a word of the complaint.
BREACHES = [
    (LIBRARY, "//! Doc.\n", "forbid(unsafe_code)"),
    ("crates/python/Cargo.toml", "[dependencies]\nlibc.workspace = true\n", "through crates/core only"),
    ("crates/python/src/x.rs", "//! Doc.\nfn f() { unsafe { g() } }\n", "crates/python/src/x.rs:2: `unsafe`"),
    ("crates/core/src/x.rs", '//! Doc.\nunsafe extern "C" fn f() {}\n', "callback/"),
    ("crates/core/src/x.rs", '//! Doc.\nextern "C" fn f() {}\n', "callback/"),
    ("crates/core/src/x.rs", "//! Doc.\nfn f() { ffi::ERR_clear_error() }\n", "error queue"),
    ("crates/core/src/x.rs", "//! Doc.\nfn f() { ffi::SSL_get_error(s, 1) }\n", "status of a TLS operation"),
    ("crates/core/src/x.rs", "//! Doc.\nfn f() { queue::take() }\n", "check.rs makes an error"),
    ("crates/core/src/x.rs", "//! Doc.\nuse crate::queue::{clear, take};\n", "check.rs makes an error"),
    ("crates/core/src/x.rs", "//! Doc.\nfn f() { ErrorStack::new(vec![]) }\n", "comes from crates/core/src/check.rs"),
    ("crates/core/src/x.rs", "//! Doc.\nuse pyo3::Python;\n", "knows no Python"),
    ("crates/core/src/x.rs", "fn f() {}\n", "opens without `//!`"),
    ("crates/core/src/utils.rs", "//! Doc.\n", "says nothing"),
    ("crates/python/src/x.rs", "//! Doc.\nuse ironssl::{\n    Error,\n};\n", "error.rs makes exceptions"),
    ("crates/python/src/x.rs", "//! Doc.\nfn f(e: ironssl::Error) {}\n", "error.rs makes exceptions"),
    ("crates/python/src/crypto/x.rs", "//! Doc.\nuse crate::ssl::Context;\n", "crypto never imports ssl"),
    ("tests/requirements.txt", "# Doc.\npytest==9.2.0\npytest-x>=1\n", "tests/requirements.txt:3: not one exact"),
    ("tests/requirements.txt", "pytest==9.*\n", "not one exact"),
    ("tests/test_x.py", "import os\n", "without a docstring"),
    ("tests/test_x.py", '"""Doc."""\n' + "x = 1\n" * house.LONGEST, "a file is split"),
]

# Things that look like a breach to a careless reader.
IN_ORDER = [
    ("crates/core/src/x.rs", "//! Doc.\nfn f() { unsafe { g() } }\n"),
    ("crates/core/src/x.rs", "//! Doc.\nfn f<'a>(x: &'a str) -> char { 'a' } // ERR_clear_error\n"),
    ("crates/core/src/x.rs", '//! Doc.\ntype F = unsafe extern "C" fn(c_int);\n'),
    ("crates/core/src/x.rs", "//! Doc.\nconst X: c_int = ffi::ERR_LIB_PEM;\n"),
    ("crates/core/src/callback/x.rs", '//! Doc.\npub(crate) unsafe extern "C" fn f() {}\n'),
    ("crates/core/src/queue.rs", "//! Doc.\nfn f() { ffi::ERR_clear_error() }\n"),
    ("crates/core/src/check.rs", "//! Doc.\nfn f() { queue::take() }\n"),
    ("crates/core/src/x.rs", "//! Doc.\nfn f(x: &ErrorStack) { std::mem::take(x) }\n"),
    ("crates/python/src/x.rs", '//! Doc.\n/* unsafe */ const X: &str = "unsafe \\" unsafe"; // unsafe\n'),
    ("crates/python/src/x.rs", '//! Doc.\nconst X: &str = r#"" unsafe"#;\n'),
    ("crates/python/src/error.rs", "//! Doc.\nuse ironssl::{Error, ErrorStack};\n"),
    ("crates/python/src/ssl/x.rs", "//! Doc.\nuse crate::ssl::Context;\n"),
    ("tests/test_x.py", ""),
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The least that is in order."""
    put(tmp_path, LIBRARY, "//! Doc.\n#![forbid(unsafe_code)]\n")
    put(tmp_path, "tests/requirements.txt", "# Doc.\npytest==9.2.0\n")
    put(tmp_path, "crates/python/Cargo.toml", "[dependencies]\nironssl.workspace = true\n")
    assert list(house.complaints(tmp_path)) == []
    return tmp_path


def put(tree: Path, path: str, text: str) -> None:
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    (tree / path).write_text(text)


@pytest.mark.parametrize(("path", "text", "complaint"), BREACHES)
def test_complains_once(tree: Path, path: str, text: str, complaint: str) -> None:
    put(tree, path, text)
    found = list(house.complaints(tree))
    assert len(found) == 1
    assert complaint in found[0]
    assert found[0].startswith(path)


@pytest.mark.parametrize(("path", "text"), IN_ORDER)
def test_accepts(tree: Path, path: str, text: str) -> None:
    put(tree, path, text)
    assert list(house.complaints(tree)) == []
