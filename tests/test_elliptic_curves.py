"""Elliptic curves by name."""

import gc

import pytest
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.programs import run

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ours_only = pytest.mark.skipif(UPSTREAM, reason="upstream differs")


def test_curves():
    curves = crypto.get_elliptic_curves()
    assert type(curves) is set
    names = {curve.name for curve in curves}
    assert {"prime256v1", "secp384r1", "secp521r1"} <= names
    assert len(names) == len(curves)
    assert all(type(curve) is crypto._EllipticCurve for curve in curves)


@ours_only
def test_as_openssl_knows_them():
    listed = run(["openssl", "ecparam", "-list_curves"]).stdout.decode()
    names = {line.split(":")[0].strip() for line in listed.splitlines() if " : " in line or ":" in line}
    assert names & {curve.name for curve in crypto.get_elliptic_curves()} >= {"prime256v1", "secp384r1", "secp521r1"}


def test_equality_is_identity():
    one, again = crypto.get_elliptic_curve("prime256v1"), crypto.get_elliptic_curve("prime256v1")
    other = crypto.get_elliptic_curve("secp384r1")
    assert one is again
    assert one in crypto.get_elliptic_curves()
    assert one != other
    assert hash(one) == hash(again)
    assert (one == other, one != again, one == "prime256v1") == (False, False, False)
    for curve in crypto.get_elliptic_curves():
        assert crypto.get_elliptic_curve(curve.name) is curve


def test_repr_and_name():
    curve = crypto.get_elliptic_curve("prime256v1")
    assert (repr(curve), curve.name, curve._nid) == ("<Curve 'prime256v1'>", "prime256v1", 415)


@pytest.mark.parametrize("name", ["", "nope", "PRIME256V1", "prime256v1\0", None, 1, b"prime256v1"])
def test_unknown_names(name):
    with pytest.raises(ValueError, match="unknown curve name") as info:
        crypto.get_elliptic_curve(name)
    assert info.value.args == ("unknown curve name", name)


@ours_only
def test_the_callers_set_is_its_own():
    crypto.get_elliptic_curves().clear()
    assert crypto.get_elliptic_curves()


@ours_only
def test_by_number():
    made = crypto._EllipticCurve.from_nid(None, 415)
    assert (made.name, repr(made)) == ("prime256v1", "<Curve 'prime256v1'>")
    assert made != crypto.get_elliptic_curve("prime256v1")
    with pytest.raises(ValueError, match="unknown curve number"):
        crypto._EllipticCurve.from_nid(None, 1)
    assert crypto._EllipticCurve(None, 1, "x").name == "x"


@ours_only
def test_collections_while_objects_are_made():
    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        made = [crypto._EllipticCurve(None, 1, "x") for _ in range(2000)]
        bags = [crypto.PKCS12() for _ in range(2000)]
    finally:
        gc.set_threshold(*before)
    assert len(made) == len(bags)
