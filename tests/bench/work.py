"""One measured Python process: `work.py {package|stdlib} CASE`, started by run.py for each turn of each peer.

Prints one JSON line, or a traceback and status 1.  The case `identity` tells what is being measured.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import warnings
from pathlib import Path

from workers.import_time import import_time
from workers.measure import Case, Plan


def package_cases() -> dict[str, Case]:
    """Name the cases of the package OpenSSL, whichever is installed for this interpreter."""
    from workers import package_asyncio, package_crypto, package_memory, package_sockets

    return {**package_memory.CASES, **package_sockets.CASES, **package_asyncio.CASES, **package_crypto.CASES}


def stdlib_cases() -> dict[str, Case]:
    """Name the cases of the standard library's ssl."""
    from workers import stdlib_asyncio, stdlib_memory, stdlib_sockets

    return {**stdlib_memory.CASES, **stdlib_sockets.CASES, **stdlib_asyncio.CASES}


def identity(peer: str) -> dict[str, str]:
    """Tell which package, interpreter and OpenSSL this process measures."""
    found = {"python": f"{platform.python_implementation()} {platform.python_version()}"}
    if peer == "stdlib":
        import ssl

        return found | {"version": platform.python_version(), "openssl": ssl.OPENSSL_VERSION, "file": ssl.__file__}
    import OpenSSL
    from OpenSSL import SSL

    found |= {"version": OpenSSL.__version__, "file": str(OpenSSL.__file__)}
    if not hasattr(SSL, "OpenSSL_version"):  # a package that cannot tell can be measured all the same
        return found | {"openssl": "unknown", "built": "unknown"}
    return found | {
        "openssl": SSL.OpenSSL_version(SSL.OPENSSL_VERSION).decode(),
        "built": SSL.OpenSSL_version(SSL.OPENSSL_BUILT_ON).decode(),
    }


def main() -> None:
    """Run one case and print its line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=("package", "stdlib"))
    parser.add_argument("case")
    parser.add_argument("--seconds", type=float, default=0.15)
    parser.add_argument("--windows", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--material", type=Path, default=Path())
    options = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)
    if options.case == "identity":
        print(json.dumps({"identity": identity(options.peer)}))
        return
    plan = Plan(options.seconds, options.windows, options.quick, options.material)
    if options.case == "import":
        case = import_time("from OpenSSL import SSL, crypto" if options.peer == "package" else "import ssl")
    else:
        cases = package_cases() if options.peer == "package" else stdlib_cases()
        if options.case not in cases:
            sys.exit(f"no case named {options.case} for {options.peer}")
        case = cases[options.case]
    print(case(plan).line(options.case))


if __name__ == "__main__":
    main()
