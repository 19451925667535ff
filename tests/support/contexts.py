"""Contexts for the two roles, made from the throwaway CA."""

from OpenSSL import SSL, crypto

from tests.support.authority import Authority, Identity

VERSIONS = {
    "TLSv1.2": SSL.TLS1_2_VERSION,
    "TLSv1.3": SSL.TLS1_3_VERSION,
}
"""The protocol versions that most tests run with, by the name that a connection reports."""


def only(context: SSL.Context, version: str | None) -> SSL.Context:
    """Limit the context to one protocol version of `VERSIONS`, or leave it alone for None; returns the context."""
    if version is not None:
        context.set_min_proto_version(VERSIONS[version])
        context.set_max_proto_version(VERSIONS[version])
    return context


def identify(context: SSL.Context, authority: Authority, identity: Identity) -> None:
    """Let the context present the identity, and the intermediate with it."""
    context.use_certificate(identity.x509)
    context.add_extra_chain_cert(authority.intermediate.x509)
    context.use_privatekey(identity.pkey)
    context.check_privatekey()


def trust(context: SSL.Context, authority: Authority) -> None:
    """Let the context trust the authority's root."""
    store = context.get_cert_store()
    assert store is not None
    store.add_cert(authority.root.x509)


def server_context(authority: Authority, version: str | None = None) -> SSL.Context:
    """Make a context for a server: it presents the server's chain and asks the client for nothing."""
    context = only(SSL.Context(SSL.TLS_METHOD), version)
    identify(context, authority, authority.server)
    return context


def requiring(authority: Authority) -> SSL.Context:
    """Make a context for a server that requires a certificate of each client."""
    context = server_context(authority)
    trust(context, authority)
    context.set_session_id(b"required")
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    return context


def client_context(authority: Authority, version: str | None = None) -> SSL.Context:
    """Make a context for a client: it trusts the authority's root and verifies the server."""
    context = only(SSL.Context(SSL.TLS_METHOD), version)
    trust(context, authority)
    context.set_verify(SSL.VERIFY_PEER)
    return context


def watch_verification(context: SSL.Context) -> list[int]:
    """Verify the peer, and note the depth of each certificate that is looked at; a resumed session looks at none."""
    depths: list[int] = []

    def note(connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, passed: int) -> bool:
        depths.append(depth)
        return bool(passed)

    context.set_verify(SSL.VERIFY_PEER, note)
    return depths
