"""A plug-in for pytest: gives Hypercorn the TLS extension of ASGI, which urllib3's test server asks for.

urllib3 tests with a fork of Hypercorn that is on no package registry and has this extension. Of it are here the two
fields that the tests read. The server's TLS is the standard library's; the package under test is the client.
"""

from __future__ import annotations

from typing import Any

import pytest


def _wrapped(app: Any, stream: Any) -> Any:
    async def with_tls(scope: Any, *rest: Any) -> Any:
        if hasattr(stream, "selected_alpn_protocol") and "extensions" in scope:
            certificate = stream.getpeercert() or {}
            subject = [f"{name}={value}" for part in certificate.get("subject", ()) for name, value in part]
            scope["extensions"]["tls"] = {
                "alpn_protocol": stream.selected_alpn_protocol(),
                "client_cert_name": ", ".join(subject) or None,
            }
        return await app(scope, *rest)

    return with_tls


def pytest_configure(config: pytest.Config) -> None:
    """Put the extension in."""
    from hypercorn.trio import tcp_server  # type: ignore[import-not-found]  # of the suite's environment

    real = tcp_server.TCPServer.__init__

    def init(self: Any, app: Any, config: Any, context: Any, state: Any, stream: Any) -> None:
        real(self, _wrapped(app, stream), config, context, state, stream)

    tcp_server.TCPServer.__init__ = init
