"""Settings: the only reader of the environment.

In Azure they are app settings; in the local workspace the host sets them before it indexes the app. docs/settings.md
lists them, and a test compares the two.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class Settings(BaseModel):
    """Everything that differs between deployments.

    Attributes:
        storage_connection: Connection string of the storage account; only the local workspace has one.
        storage_account: Account name, where storage is reached by managed identity.
        identity_client_id: Client id of the user-assigned identity.
        base_url: Where jobs can reach the API, for their hint that they have ended; None turns the hint off.
        data_dir: Folder for job directories and the content cache of local processes.
        local_process: Whether steps may run as processes of this machine.
        file_store: What is behind `workspacefilestore`: an absolute path, or the URL of a share of Azure Files.
        key_vault: URL of the key vault that keeps secrets; without one, only a local workspace can keep any.
        local_max_jobs: Most jobs that the compute target `local` runs at once; None means as many as come.
        max_parallel_steps: Most steps of one run in flight, where the pipeline does not say.
        workspace_name: Shown to people and to scripts (`AZUREML_ARM_WORKSPACE_NAME`).
        auth: `entra`, or `none` for a local workspace without sign-in.
        tenant_id: Entra ID tenant whose tokens are accepted.
        client_id: Application that the tokens must be meant for.
        authority: Where the tenant's keys are published.
        platform_auth: Set by App Service where its authentication stands before the app.
        site_name: Set by Azure: a sign that this is no local workspace.
        site_instance: Likewise.
        run_token_key: Signs the tokens of jobs; made and kept in the secret store where it is not given.
        runs_per_minute: Most runs that one signed-in caller may start in a minute; 0 turns the limit off.
        max_active_runs: Most runs that are not over, of all callers together; 0 turns the limit off.
        azure_ml_workspace: Resource id of the Azure ML workspace on whose clusters `AmlCompute` targets run.
        azure_ml_emulator: Address of an emulator of Azure ML on this machine.
        databricks_emulator: Likewise of Databricks.
        data_lake_analytics_emulator: Likewise of Data Lake Analytics.
        purge: Whether the workspace removes by itself, once a day, what is older than the settings below say.
        keep_runs_days: How long runs that have ended are kept; 0 means for ever, here and below.
        keep_reuse_days: How long a result is kept that no run has stood on.
        keep_audit_days: How long lines of the audit log are kept.
        keep_history_days: How long ended orchestrations, histories of schedules and deliveries are kept.
        keep_unused_days: How long content is kept that nothing refers to.
        private_webhooks: Whether webhooks may use http and private addresses; for local workspaces.
        webhook_retry_seconds: Wait after the first failed delivery; it grows fourfold from try to try.
        application_insights: Connection string of the Application Insights component that telemetry goes to.
    """

    model_config = ConfigDict(frozen=True)

    storage_connection: SecretStr | None = Field(default=None, alias="PIPEYARD_STORAGE")
    storage_account: str | None = Field(default=None, alias="PIPEYARD_STORAGE_ACCOUNT")
    identity_client_id: str | None = Field(default=None, alias="AZURE_CLIENT_ID")
    base_url: str | None = Field(default=None, alias="PIPEYARD_BASE_URL")
    data_dir: Path = Field(default=Path(".pipeyard"), alias="PIPEYARD_DATA_DIR")
    local_process: bool = Field(default=False, alias="PIPEYARD_LOCAL_PROCESS")
    file_store: str | None = Field(default=None, alias="PIPEYARD_FILE_STORE")
    key_vault: str | None = Field(default=None, alias="PIPEYARD_KEY_VAULT")
    local_max_jobs: int | None = Field(default=None, ge=1, le=100_000, alias="PIPEYARD_LOCAL_MAX_JOBS")
    max_parallel_steps: int = Field(default=8, ge=1, le=1000, alias="PIPEYARD_MAX_PARALLEL_STEPS")
    workspace_name: str = Field(default="pipeyard", alias="PIPEYARD_WORKSPACE_NAME")
    auth: Literal["entra", "none"] = Field(default="entra", alias="PIPEYARD_AUTH")
    tenant_id: str | None = Field(default=None, alias="PIPEYARD_TENANT_ID")
    client_id: str | None = Field(default=None, alias="PIPEYARD_CLIENT_ID")
    authority: str = Field(default="https://login.microsoftonline.com", alias="PIPEYARD_AUTHORITY")
    platform_auth: bool = Field(default=False, alias="WEBSITE_AUTH_ENABLED")
    site_name: str | None = Field(default=None, alias="WEBSITE_SITE_NAME")
    site_instance: str | None = Field(default=None, alias="WEBSITE_INSTANCE_ID")
    run_token_key: SecretStr | None = Field(default=None, min_length=32, alias="PIPEYARD_RUN_TOKEN_KEY")
    runs_per_minute: int = Field(default=60, ge=0, alias="PIPEYARD_RUNS_PER_MINUTE")
    max_active_runs: int = Field(default=1000, ge=0, alias="PIPEYARD_MAX_ACTIVE_RUNS")
    azure_ml_workspace: str | None = Field(default=None, alias="PIPEYARD_AZURE_ML_WORKSPACE")
    azure_ml_emulator: str | None = Field(default=None, alias="PIPEYARD_AZURE_ML_EMULATOR")
    databricks_emulator: str | None = Field(default=None, alias="PIPEYARD_DATABRICKS_EMULATOR")
    data_lake_analytics_emulator: str | None = Field(default=None, alias="PIPEYARD_DATA_LAKE_ANALYTICS_EMULATOR")
    purge: bool = Field(default=False, alias="PIPEYARD_PURGE")
    keep_runs_days: int = Field(default=365, ge=0, alias="PIPEYARD_KEEP_RUNS_DAYS")
    keep_reuse_days: int = Field(default=365, ge=0, alias="PIPEYARD_KEEP_REUSE_DAYS")
    keep_audit_days: int = Field(default=730, ge=0, alias="PIPEYARD_KEEP_AUDIT_DAYS")
    keep_history_days: int = Field(default=90, ge=0, alias="PIPEYARD_KEEP_HISTORY_DAYS")
    keep_unused_days: int = Field(default=7, ge=1, alias="PIPEYARD_KEEP_UNUSED_DAYS")
    private_webhooks: bool = Field(default=False, alias="PIPEYARD_PRIVATE_WEBHOOKS")
    webhook_retry_seconds: float = Field(default=5, gt=0, alias="PIPEYARD_WEBHOOK_RETRY_SECONDS")
    application_insights: SecretStr | None = Field(default=None, alias="APPLICATIONINSIGHTS_CONNECTION_STRING")

    @model_validator(mode="after")
    def _sign_in_outside_the_local_workspace(self) -> Self:
        if self.auth == "none" and (self.site_name or self.site_instance or self.storage_account):
            raise ValueError(
                "PIPEYARD_AUTH is `none`, which would open this app to everybody: that is for local workspaces only. "
                "Set it to `entra` (see docs/identity.md)."
            )
        return self


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the process environment (or from a mapping, in tests)."""
    source = os.environ if environment is None else environment
    aliases = {field.alias for field in Settings.model_fields.values()}
    return Settings.model_validate({name: value for name, value in source.items() if name in aliases and value})
