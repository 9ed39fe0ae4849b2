"""Settings: the only reader of the environment.

In Azure they are app settings; in the local workspace the host sets them before it indexes the app. docs/settings.md
lists them, and a test compares the two.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Settings(BaseModel):
    """Everything that differs between deployments.

    Attributes:
        storage_connection: Connection string of the storage account; only the local workspace has one.
        storage_account: Account name, where storage is reached by managed identity.
        identity_client_id: Client id of the user-assigned identity.
        base_url: Where jobs can reach the API, for their hint that they have ended; None turns the hint off.
        data_dir: Folder for job directories and the content cache of local processes.
        local_process: Whether steps may run as processes of this machine.
        max_parallel_steps: Most steps of one run in flight, where the pipeline does not say.
        workspace_name: Shown to people and to scripts (`AZUREML_ARM_WORKSPACE_NAME`).
    """

    model_config = ConfigDict(frozen=True)

    storage_connection: SecretStr | None = Field(default=None, alias="PIPEYARD_STORAGE")
    storage_account: str | None = Field(default=None, alias="PIPEYARD_STORAGE_ACCOUNT")
    identity_client_id: str | None = Field(default=None, alias="AZURE_CLIENT_ID")
    base_url: str | None = Field(default=None, alias="PIPEYARD_BASE_URL")
    data_dir: Path = Field(default=Path(".pipeyard"), alias="PIPEYARD_DATA_DIR")
    local_process: bool = Field(default=False, alias="PIPEYARD_LOCAL_PROCESS")
    max_parallel_steps: int = Field(default=8, ge=1, le=1000, alias="PIPEYARD_MAX_PARALLEL_STEPS")
    workspace_name: str = Field(default="pipeyard", alias="PIPEYARD_WORKSPACE_NAME")


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the process environment (or from a mapping, in tests)."""
    source = os.environ if environment is None else environment
    aliases = {field.alias for field in Settings.model_fields.values()}
    return Settings.model_validate({name: value for name, value in source.items() if name in aliases and value})
