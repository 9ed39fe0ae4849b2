"""The settings that the templates give the app are the ones that it reads."""

import re

from shared.config import Settings, load_settings
from tests.infra.bicep_files import templates

APP = templates()["modules/function-app.bicep"].text

NOT_SET_IN_AZURE = {
    "PIPEYARD_STORAGE": "a connection string with a key; in Azure the identity opens storage",
    "PIPEYARD_DATA_DIR": "only steps that run on the app's own machine have files there",
    "PIPEYARD_LOCAL_PROCESS": "an instance of the app may go at any time, and with it the step's process",
    "PIPEYARD_LOCAL_MAX_JOBS": "likewise",
    "PIPEYARD_RUN_TOKEN_KEY": "a secret: the workspace makes one and keeps it in the key vault",
    "PIPEYARD_PRIVATE_WEBHOOKS": "for local workspaces: the app must not be a way into its network",
    "PIPEYARD_AZURE_ML_EMULATOR": "emulators are on one machine with the workspace",
    "PIPEYARD_DATABRICKS_EMULATOR": "likewise",
    "PIPEYARD_DATA_LAKE_ANALYTICS_EMULATOR": "likewise",
    "WEBSITE_AUTH_ENABLED": "set by App Service",
    "WEBSITE_SITE_NAME": "set by App Service",
    "WEBSITE_INSTANCE_ID": "set by App Service",
}

# Of the Functions host and Microsoft's worker, not of ours.
OF_THE_HOST = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__queueServiceUri",
    "AzureWebJobsStorage__tableServiceUri",
    "DataStorage__blobServiceUri",
    "DataStorage__clientId",
    "DataStorage__credential",
    "DataStorage__queueServiceUri",
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
    "PYTHON_ENABLE_OPENTELEMETRY",
    "PYTHON_THREADPOOL_THREAD_COUNT",
    "TASK_HUB_NAME",
}


def settings_of(start: str, end: str) -> set[str]:
    _, _, rest = APP.partition(start)
    return set(re.findall(r"^ +(\w+): ", rest.partition(end)[0], re.MULTILINE))


def test_the_app_gets_every_setting_that_it_reads_and_no_other():
    """For a new setting: give it a value in infra/modules/function-app.bicep, or a reason above."""
    given = settings_of("properties: union(hostSettings, schedulerSettings, {", "})")
    read = {str(field.alias) for field in Settings.model_fields.values()}
    assert given | set(NOT_SET_IN_AZURE) == read
    assert given & set(NOT_SET_IN_AZURE) == set()


def test_the_host_gets_what_it_needs():
    assert settings_of("var hostSettings = {", "\n}") == OF_THE_HOST


def test_an_empty_setting_leaves_the_default():
    settings = load_settings({"PIPEYARD_MAX_PARALLEL_STEPS": "", "PIPEYARD_KEEP_RUNS_DAYS": ""})
    defaults = Settings()
    assert settings.max_parallel_steps == defaults.max_parallel_steps
    assert settings.keep_runs_days == defaults.keep_runs_days
