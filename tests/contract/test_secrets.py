"""What the port SecretStore promises, for both implementations. The key vault is `tests/fakes/key_vault.py`'s."""

import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.keyvault.secrets import SecretClient

from shared.adapters.secrets.key_vault import KeyVaultSecrets
from shared.adapters.secrets.none import NoSecrets
from shared.adapters.secrets.secret_folder import SecretFolder
from shared.core.errors import Conflict, StorageUnavailable
from shared.ports.secrets import SecretStore
from tests.fakes.key_vault import TOKEN, KeyVault


class Identity:
    def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken(TOKEN, int(time.time()) + 3600)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[KeyVault]:
    with KeyVault(tmp_path) as vault:
        yield vault


def connect(vault: KeyVault) -> KeyVaultSecrets:
    transport = RequestsTransport(connection_verify=str(vault.certificate))
    client = SecretClient(vault.url, Identity(), transport=transport, verify_challenge_resource=False, retry_total=0)
    return KeyVaultSecrets(client)


@pytest.fixture(params=["folder", "vault"])
def secrets(request: pytest.FixtureRequest, tmp_path: Path) -> SecretStore:
    if request.param == "folder":
        return SecretFolder(tmp_path / "secrets")
    return connect(request.getfixturevalue("vault"))


def test_a_secret_is_kept_replaced_and_forgotten(secrets: SecretStore):
    assert secrets.get("key-1") is None
    secrets.set("key-1", "väl\nue=")
    assert secrets.get("key-1") == "väl\nue="
    secrets.set("key-1", "two")
    assert (secrets.get("key-1"), secrets.get("key-2")) == ("two", None)
    secrets.delete("key-1")
    secrets.delete("key-1")
    assert secrets.get("key-1") is None


def test_a_forgotten_secret_can_be_kept_again(secrets: SecretStore):
    for value in ("one", "two"):
        secrets.set("key", value)
        assert secrets.get("key") == value
        secrets.delete("key")


def test_a_vault_takes_a_deleted_secret_back_before_it_writes_over_it(vault: KeyVault):
    vault.deleted["key"] = "old"
    connect(vault).set("key", "new")
    assert (vault.secrets, vault.deleted) == ({"key": "new"}, {})


def test_a_vault_is_not_asked_again_and_again(vault: KeyVault):
    vault.secrets["key"] = "value"
    secrets = connect(vault)
    assert [secrets.get("key") for _ in range(3)] == ["value"] * 3
    asked = [sent.path.rstrip("/") for sent in vault.requests]
    assert asked.count("/secrets/key") == 2, "one that is asked for a token, one with it"


def test_a_vault_that_does_not_answer_is_an_error_without_the_value(vault: KeyVault):
    secrets = connect(vault)
    vault.close()
    with pytest.raises(StorageUnavailable, match="Secret key") as caught:
        secrets.set("key", "very secret")
    assert "very secret" not in str(caught.value)


def test_a_folder_is_for_its_owner_alone(tmp_path: Path):
    secrets = SecretFolder(tmp_path / "secrets")
    secrets.set("key", "value")
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    (file,) = (tmp_path / "secrets").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for name in ("../key", "", "a/b", "."):
        with pytest.raises(ValueError, match="cannot name a secret"):
            secrets.set(name, "x")


def test_without_a_place_nothing_can_be_kept():
    secrets = NoSecrets()
    with pytest.raises(Conflict, match="PIPEYARD_KEY_VAULT"):
        secrets.set("key", "value")
    secrets.delete("key")
    assert secrets.get("key") is None
