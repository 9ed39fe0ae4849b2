"""Roles, and callers as claims and the platform's header describe them."""

import base64
import json

import pytest

from shared.core.identity import Role, caller_of_claims, principal_claims, run_caller

ROLE_TYPE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def test_each_role_includes_the_ones_before_it():
    order = list(Role)
    for place, role in enumerate(order):
        assert [role.includes(other) for other in order] == [index <= place for index in range(len(order))]


def test_a_user():
    claims = {"oid": "1", "preferred_username": "anna@example.com", "scp": "access", "roles": ["Publisher", "Else"]}
    caller = caller_of_claims(claims)
    assert caller is not None
    assert (caller.id, caller.name, caller.kind, caller.roles) == ("1", "anna@example.com", "user", (Role.PUBLISHER,))
    assert caller.may(Role.CONTRIBUTOR)
    assert not caller.may(Role.ADMINISTRATOR)


@pytest.mark.parametrize("claim", ["azp", "appid"])
def test_an_application(claim):
    caller = caller_of_claims({"oid": "2", claim: "client", "roles": "Contributor"})
    assert caller is not None
    assert (caller.name, caller.kind, caller.roles) == ("client", "application", (Role.CONTRIBUTOR,))


def test_claims_that_name_nobody():
    assert caller_of_claims({"roles": ["Administrator"]}) is None
    caller = caller_of_claims({"sub": "s"})
    assert caller is not None
    assert caller.roles == ()
    assert not caller.may(Role.READER)


def test_a_run_may_what_a_contributor_may():
    caller = run_caller("r", "r-00000")
    assert caller.roles == (Role.CONTRIBUTOR,)
    assert caller.run_id == "r"


def header(document: object, *, padded: bool = True) -> str:
    text = base64.b64encode(json.dumps(document).encode()).decode()
    return text if padded else text.rstrip("=")


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("role_claim", ["roles", ROLE_TYPE])
def test_the_platforms_header(padded, role_claim):
    claims = [
        {"typ": OBJECT_ID, "val": "1"},
        {"typ": "preferred_username", "val": "anna"},
        {"typ": role_claim, "val": "Reader"},
        {"typ": role_claim, "val": "Publisher"},
        {"typ": "http://schemas.microsoft.com/identity/claims/scope", "val": "access"},
    ]
    found = principal_claims(header({"auth_typ": "aad", "role_typ": ROLE_TYPE, "claims": claims}, padded=padded))
    assert found is not None
    caller = caller_of_claims(found)
    assert caller is not None
    assert (caller.id, caller.name, caller.kind) == ("1", "anna", "user")
    assert caller.roles == (Role.READER, Role.PUBLISHER)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "%%%",
        "ä",
        header([]),
        header({"auth_typ": "facebook", "claims": []}),
        header({"auth_typ": "aad"}),
        header({"auth_typ": "aad", "claims": [1]}),
    ],
)
def test_what_is_no_such_header(wrong):
    assert principal_claims(wrong) is None
