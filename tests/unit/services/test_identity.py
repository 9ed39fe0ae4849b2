"""Who calls, in a real workspace: the platform's header where the platform stands in front, tokens elsewhere."""

import base64
import json
import logging

import pytest
from pydantic import ValidationError

from local.test_issuer import CLIENT_ID, TENANT_ID
from shared import bootstrap
from shared.config import load_settings
from shared.core.errors import NotAuthenticated
from shared.core.identity import Role
from shared.services.identity import identify, run_token
from shared.services.workspace import Workspace
from shared.steps import STEP_TYPES

PRINCIPAL = {
    "auth_typ": "aad",
    "claims": [{"typ": "oid", "val": "1"}, {"typ": "name", "val": "anna"}, {"typ": "roles", "val": "Administrator"}],
}
HEADER = {"x-ms-client-principal": base64.b64encode(json.dumps(PRINCIPAL).encode()).decode()}


def workspace(storage_account: str, **settings: str) -> Workspace:
    given = {"PIPEYARD_STORAGE": storage_account, "PIPEYARD_RUN_TOKEN_KEY": "k" * 40, **settings}
    services = bootstrap._services(load_settings(given), bootstrap._SystemClock())
    return Workspace(services, STEP_TYPES, name="test", max_parallel_steps=1)


def test_the_platforms_header_counts_only_behind_the_platform(storage_account, caplog):
    behind = workspace(storage_account, WEBSITE_AUTH_ENABLED="True")
    caller = identify(behind, HEADER)
    assert (caller.name, caller.roles) == ("anna", (Role.ADMINISTRATOR,))
    with pytest.raises(NotAuthenticated):
        identify(behind, {"x-ms-client-principal": "nonsense"})
    ours = workspace(storage_account, WEBSITE_AUTH_ENABLED="True", PIPEYARD_TENANT_ID=TENANT_ID)
    for tenant, name in ((TENANT_ID, "http://schemas.microsoft.com/identity/claims/tenantid"), ("other", "tid")):
        foreign = {**PRINCIPAL, "claims": [*PRINCIPAL["claims"], {"typ": name, "val": tenant}]}
        header = {"x-ms-client-principal": base64.b64encode(json.dumps(foreign).encode()).decode()}
        if tenant == TENANT_ID:
            assert identify(ours, header).name == "anna"
        else:
            with pytest.raises(NotAuthenticated, match="another tenant"):
                identify(ours, header)
    with caplog.at_level(logging.WARNING), pytest.raises(NotAuthenticated):
        identify(workspace(storage_account), HEADER)
    assert "X-MS-CLIENT-PRINCIPAL" in caplog.text
    assert HEADER["x-ms-client-principal"] not in caplog.text


def test_a_bearer_token_of_the_tenant(storage_account, issuer):
    tenant = {"PIPEYARD_AUTHORITY": issuer.authority, "PIPEYARD_TENANT_ID": TENANT_ID, "PIPEYARD_CLIENT_ID": CLIENT_ID}
    entra = workspace(storage_account, **tenant)
    token = issuer.token(name="anna", roles=["Publisher"])
    for scheme in ("Bearer", "bearer", "BEARER "):
        assert identify(entra, {"authorization": f"{scheme} {token}"}).name == "anna"
    for wrong in (f"Basic {token}", token, "Bearer", "Bearer ", ""):
        with pytest.raises(NotAuthenticated, match="Sign in"):
            identify(entra, {"authorization": wrong})
    with pytest.raises(NotAuthenticated, match="PIPEYARD_TENANT_ID"):
        identify(workspace(storage_account), {"authorization": f"Bearer {token}"})


def test_a_run_token_of_a_run_that_never_was(storage_account):
    for settings in ({}, {"PIPEYARD_AUTH": "none"}):
        found = workspace(storage_account, **settings)
        token, _ = run_token(found, "11111111-0000-4000-8000-000000000000", "step")
        with pytest.raises(NotAuthenticated, match="does not exist"):
            identify(found, {"authorization": f"Bearer {token}"})


def test_without_sign_in_everybody_is_the_same(storage_account):
    caller = identify(workspace(storage_account, PIPEYARD_AUTH="none"), {"authorization": "Bearer unauthenticated"})
    assert (caller.name, caller.kind, caller.authenticated) == ("local", "local", False)


@pytest.mark.parametrize("sign", ["WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID", "PIPEYARD_STORAGE_ACCOUNT"])
def test_an_app_in_azure_does_not_start_without_sign_in(sign):
    with pytest.raises(ValidationError, match="PIPEYARD_AUTH"):
        load_settings({"PIPEYARD_AUTH": "none", sign: "something"})
    assert load_settings({sign: "something"}).auth == "entra"
