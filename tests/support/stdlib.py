"""Contexts of the standard library's `ssl` for the two roles, made from the throwaway CA."""

import ssl

from tests.support.authority import Authority

LIMITS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


def their_client(authority: Authority, version: str) -> ssl.SSLContext:
    """Make a client's context: it trusts the authority's root and verifies the server."""
    context = ssl.create_default_context(cafile=authority.root.cert_file)
    context.minimum_version = context.maximum_version = LIMITS[version]
    return context


def their_server(authority: Authority, version: str) -> ssl.SSLContext:
    """Make a server's context: it presents the server's chain."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.chain_file(authority.server), authority.server.key_file)
    context.minimum_version = context.maximum_version = LIMITS[version]
    return context
