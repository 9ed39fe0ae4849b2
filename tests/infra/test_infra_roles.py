"""Who may do what in Azure: known roles, given in one place, each with the code that needs it."""

import re

import pytest

from tests.infra.bicep_files import INFRA, templates

ROLE_IDS = {
    "azureMlComputeOperator": "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
    "azureMlDataScientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "durableTaskDataContributor": "0ad04412-c4d5-4796-b79c-f76d14c8d402",
    "keyVaultSecretsOfficer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "managedIdentityOperator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "storageBlobDataContributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageBlobDataReader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "storageQueueDataContributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "storageTableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
}
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
ROLES = templates()["modules/roles.bicep"]
ASSIGNMENTS = [name for name, each in ROLES.part("resources").items() if each["type"] == ASSIGNMENT]


def test_the_roles_are_those_of_azure():
    listed = re.search(r"^var roles = \{\n(.*?)^\}", ROLES.text, re.MULTILINE | re.DOTALL)
    assert listed is not None
    assert dict(re.findall(r"(\w+): '([0-9a-f-]{36})'", listed[1])) == ROLE_IDS


def test_every_role_is_given_to_somebody():
    given = {word.path[0] for word in ROLES.words if word.name == "roles"}
    assert given == set(ROLE_IDS)


def test_rights_are_given_in_one_place():
    elsewhere = [each.name for each in templates().values() if each is not ROLES and ASSIGNMENT in each.text]
    assert elsewhere == []
    assert "accessPolicies" not in "".join(each.text for each in templates().values())


@pytest.mark.parametrize("symbol", ASSIGNMENTS)
def test_an_assignment_says_what_needs_it_and_is_the_same_each_time(symbol: str):
    source = ROLES.declaration(symbol)
    assert "principalType: 'ServicePrincipal'" in source
    named = re.search(r"name: guid\((\w+)\.id, (\w+), roles\.(\w+)\)", source)
    assert named is not None
    scope, principal, role = named.groups()
    assert f"scope: {scope}\n" in source
    assert f"principalId: {principal}\n" in source
    assert f"'Microsoft.Authorization/roleDefinitions', roles.{role})" in source
    needs_it = re.search(r"description: '([\w./-]+): \w", source)
    assert needs_it is not None
    assert (INFRA.parent / needs_it[1]).exists(), needs_it[1]


def test_nobody_may_manage_the_resource_group():
    owner_contributor = ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "b24988ac-6180-42a0-ab88-20f7382dd24c")
    assert [role for role in owner_contributor if role in ROLES.text] == []
    assert "scope: resourceGroup()" not in ROLES.text
