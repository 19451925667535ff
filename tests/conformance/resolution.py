"""Whether pip, asked for programs that require pyOpenSSL, takes our wheels for it, and finds the result whole.

This asks the registry for the programs' newest releases, so that it shows what a user would get today.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.conformance import environments
from tests.conformance.environments import Ours, Unavailable, check_run

ASKED_FOR = ("pyOpenSSL>=26", "twisted[tls]")
SHOWN = """
import importlib.metadata, OpenSSL
from twisted.internet import ssl
ssl.optionsForClientTLS("localhost")
print(OpenSSL.__version__, importlib.metadata.version("pyOpenSSL"))
"""


def complaint(wheels: Ours) -> str | None:
    """Install the programs into a new environment; what is wrong then, or None."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        python = Path(folder, "bin", "python")
        links = ("--find-links", wheels.wheel.parent, "--find-links", wheels.shim.parent)
        pip = (python, "-m", "pip", "--disable-pip-version-check")
        try:
            check_run([environments.interpreter(None), "-m", "venv", folder], "making an environment")
            check_run([*pip, "install", "--quiet", *links, *ASKED_FOR], f"installing {' '.join(ASKED_FOR)}")
            check_run([*pip, "check"], "pip check")
            versions = check_run([python, "-I", "-c", SHOWN], "importing Twisted").split()
        except Unavailable as error:
            return str(error)
        if len(set(versions)) != 1 or "+ironssl." not in versions[0]:
            return f"pip took other wheels than ours: {' '.join(versions)}"
        return None
