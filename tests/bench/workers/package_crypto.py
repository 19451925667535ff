"""The cases about certificates and keys with the package OpenSSL: ours and pyOpenSSL run this same file.

Most are one statement, measured inlined.  To add one, add a function to CASES: make the objects, check what the
statement gives, return `statement(...)`; then name it in harness/catalogue.py and write its C in plain/x509.c.
"""

from __future__ import annotations

import hashlib

from OpenSSL import crypto

from .measure import Case, Outcome, Plan, require, statement

HOST = "bench.example.org"
SERIAL = 0x1F2E3D4C5B6A79881122334455667788


def certificate(plan: Plan, name: str = "ec-leaf.pem") -> crypto.X509:
    """Load a certificate of the material."""
    return crypto.load_certificate(crypto.FILETYPE_PEM, plan.read(name))


def load_certificate_pem(plan: Plan) -> Outcome:
    """Load a certificate from PEM."""
    require(certificate(plan).get_serial_number() == SERIAL, "another certificate")
    names = {"load": crypto.load_certificate, "form": crypto.FILETYPE_PEM, "data": plan.read("ec-leaf.pem")}
    return statement(plan, "load(form, data)", names)


def load_certificate_der(plan: Plan) -> Outcome:
    """Load a certificate from DER."""
    data = plan.read("ec-leaf.der")
    require(crypto.load_certificate(crypto.FILETYPE_ASN1, data).get_serial_number() == SERIAL, "another certificate")
    return statement(
        plan, "load(form, data)", {"load": crypto.load_certificate, "form": crypto.FILETYPE_ASN1, "data": data}
    )


def load_key(name: str, bits: int) -> Case:
    """Load a private key from PEM."""

    def case(plan: Plan) -> Outcome:
        data = plan.read(name)
        require(crypto.load_privatekey(crypto.FILETYPE_PEM, data).bits() == bits, "a key of another size")
        names = {"load": crypto.load_privatekey, "form": crypto.FILETYPE_PEM, "data": data}
        return statement(plan, "load(form, data)", names)

    return case


def subject_components(plan: Plan) -> Outcome:
    """Take the subject apart."""
    leaf = certificate(plan)
    components = leaf.get_subject().get_components()
    require(len(components) == 6 and components[-1] == (b"CN", HOST.encode()), f"other components: {components}")
    return statement(plan, "leaf.get_subject().get_components()", {"leaf": leaf})


def subject_cn(plan: Plan) -> Outcome:
    """Read the common name."""
    leaf = certificate(plan)
    require(leaf.get_subject().CN == HOST, "another common name")
    return statement(plan, "leaf.get_subject().CN", {"leaf": leaf})


def digest(plan: Plan) -> Outcome:
    """Compute the fingerprint."""
    leaf = certificate(plan)
    expected = hashlib.sha256(plan.read("ec-leaf.der")).hexdigest().upper()
    require(leaf.digest("sha256").replace(b":", b"") == expected.encode(), "another digest")
    return statement(plan, "leaf.digest('sha256')", {"leaf": leaf})


def has_expired(plan: Plan) -> Outcome:
    """Compare the end of validity with the clock."""
    leaf = certificate(plan)
    require(leaf.has_expired() is False, "the certificate has expired")
    return statement(plan, "leaf.has_expired()", {"leaf": leaf})


def serial(plan: Plan) -> Outcome:
    """Read the serial number of 128 bits."""
    leaf = certificate(plan)
    require(leaf.get_serial_number() == SERIAL, "another serial number")
    return statement(plan, "leaf.get_serial_number()", {"leaf": leaf})


def verify_chain(plan: Plan) -> Outcome:
    """Verify leaf, intermediate and root; the store context is made anew each time, as it is used."""
    leaf, untrusted = certificate(plan), [certificate(plan, "ec-intermediate.pem")]
    store = crypto.X509Store()
    try:
        crypto.X509StoreContext(store, leaf, untrusted).verify_certificate()
    except crypto.X509StoreContextError:
        pass
    else:
        require(False, "a chain without a trusted root was verified")
    store.add_cert(certificate(plan, "ec-root.pem"))
    require(len(crypto.X509StoreContext(store, leaf, untrusted).get_verified_chain()) == 3, "not three certificates")
    names = {"Context": crypto.X509StoreContext, "store": store, "leaf": leaf, "untrusted": untrusted}
    return statement(plan, "Context(store, leaf, untrusted).verify_certificate()", names)


def dump_certificate_pem(plan: Plan) -> Outcome:
    """Write a certificate as PEM."""
    leaf = certificate(plan)
    require(crypto.dump_certificate(crypto.FILETYPE_PEM, leaf) == plan.read("ec-leaf.pem"), "other PEM")
    names = {"dump": crypto.dump_certificate, "form": crypto.FILETYPE_PEM, "leaf": leaf}
    return statement(plan, "dump(form, leaf)", names)


def sign(kind: str) -> Case:
    """Sign a certificate with SHA-256."""

    def case(plan: Plan) -> Outcome:
        leaf = certificate(plan, f"{kind}-leaf.pem")
        before = crypto.dump_certificate(crypto.FILETYPE_ASN1, leaf)
        key = crypto.load_privatekey(crypto.FILETYPE_PEM, plan.read(f"{kind}-key.pem"))
        outcome = statement(plan, "leaf.sign(key, 'sha256')", {"leaf": leaf, "key": key})
        # The leaf signed by its own key is no longer the certificate that the intermediate signed.
        require(crypto.dump_certificate(crypto.FILETYPE_ASN1, leaf) != before, "the signature is the old one")
        return outcome

    return case


CASES: dict[str, Case] = {
    "load-certificate-pem": load_certificate_pem,
    "load-certificate-der": load_certificate_der,
    "load-key-ec": load_key("ec-key.pem", 256),
    "load-key-rsa": load_key("rsa-key.pem", 2048),
    "subject-components": subject_components,
    "subject-cn": subject_cn,
    "digest": digest,
    "has-expired": has_expired,
    "serial": serial,
    "verify-chain": verify_chain,
    "dump-certificate-pem": dump_certificate_pem,
    "sign-ec": sign("ec"),
    "sign-rsa": sign("rsa"),
}
