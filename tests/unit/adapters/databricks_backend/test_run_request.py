"""The bodies of `runs/submit`: equal to what was agreed on, and to what Databricks has published."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared.adapters.databricks.run_request import run_request, script_task, shown_name, task_of
from shared.core.bindings import InputArgument, OutputArgument
from shared.core.databricks import DatabricksSettings
from shared.core.definition import StepDefinition
from shared.core.jobs import BlobPlace, JobArgument, JobInput, JobOutput, JobSpec, UploadTarget
from shared.steps import STEP_TYPES

ROOT = Path(__file__).parents[4]
GOLDEN = ROOT / "tests/golden/wire/databricks"
SCHEMA = ROOT.parent / "shared/specs/databricks-jobs-2.2.schema.json"
RUN = "0b0a3e2c-0000-4000-8000-000000000001"
CLUSTER = {"spark_version": "16.4.x-scala2.12", "node_type": "Standard_DS3_v2", "num_workers": 2}
HOME = "/Workspace/Users/me@example.com/.pipeyard"

CASES: dict[str, dict[str, Any]] = {
    "notebook_on_a_new_cluster": {
        **CLUSTER,
        "notebook_path": "/Users/me@example.com/prepare",
        "notebook_params": {"rate": 0.5, "fast": True, "table": "sales"},
        "spark_conf": {"spark.speculation": True, "spark.task.cpus": 2},
        "spark_env_variables": {"PYSPARK_PYTHON": "/databricks/python3/bin/python3"},
        "init_scripts": [
            "/Shared/init.sh",
            "/Volumes/main/default/code/init.sh",
            "dbfs:/init.sh",
            "abfss://code@acct.dfs.core.windows.net/init.sh",
        ],
        "cluster_log_dbfs_path": "dbfs:/cluster-logs",
        "data_security_mode": "SINGLE_USER",
        "pypi_libraries": [{"package": "simplejson==3.8.0"}, {"package": "own", "repo": "https://pypi.example.com"}],
        "maven_libraries": [{"coordinates": "g:a:1", "exclusions": ["x:y"]}],
        "rcran_libraries": [{"package": "ada"}],
        "egg_libraries": [{"library": "dbfs:/a.egg"}],
        "requirements_libraries": [{"library": "/Workspace/Shared/requirements.txt"}],
        "run_name": "prepare sales",
        "timeout_seconds": 3600.5,
    },
    "script_on_a_pool": {
        "spark_version": "16.4.x-scala2.12",
        "instance_pool_id": "pool-1",
        "min_workers": 1,
        "max_workers": 4,
        "python_script_path": "dbfs:/scripts/prepare.py",
        "python_script_params": ["--rate", 0.5],
        "cluster_log_dbfs_path": "/Volumes/main/default/logs",
    },
    "jar_on_an_existing_cluster": {
        "existing_cluster_id": "1122-334455-abcdefgh",
        "main_class_name": "com.example.Main",
        "jar_params": ["one", 2],
        "jar_libraries": [{"library": "/Volumes/main/default/code/main.jar"}],
    },
    "wheel_on_a_single_node": {
        **CLUSTER,
        "num_workers": 0,
        "wheel_package_name": "shop",
        "wheel_entry_point": "prepare",
        "wheel_libraries": [{"library": "/Volumes/main/default/code/shop-1.0-py3-none-any.whl"}],
    },
    "script_of_the_source_directory": {
        **CLUSTER,
        "python_script_name": "train.py",
        "python_script_params": ["--rate", 0.5],
    },
}


def job_of(settings: dict[str, Any]) -> JobSpec:
    step = StepDefinition(
        name="prepare",
        type="databricks",
        settings=settings,
        snapshot="ab" * 32,
        inputs={"raw": {"kind": "data_reference", "datastore": "d", "path": "p"}, "n": {"kind": "literal", "value": 7}},
        outputs={"clean": {}},
    )
    assert STEP_TYPES["databricks"].check(step) == []

    def word(argument: Any) -> JobArgument:
        if isinstance(argument, InputArgument):
            return JobArgument(value="7") if argument.input == "n" else JobArgument(input=argument.input)
        return (
            JobArgument(output=argument.output)
            if isinstance(argument, OutputArgument)
            else JobArgument(value=str(argument))
        )

    url = "https://acct.blob.core.windows.net/data"
    return JobSpec(
        name=f"{RUN}-00000-1",
        run_id=RUN,
        step_run_id=f"{RUN}-00000",
        step_name="prepare",
        step_type="databricks",
        experiment="sales",
        compute_target="bricks",
        settings=settings,
        command=tuple(word(argument) for argument in STEP_TYPES["databricks"].words(step)),
        inputs=(JobInput(name="raw", files=(), place=BlobPlace(container_url=url, path="raw/2026 01")),),
        outputs=(
            JobOutput(
                name="clean",
                target=UploadTarget(base_url=f"{url}/o", query="sig=s"),
                place=BlobPlace(container_url=url, path="out"),
            ),
        ),
        environment={
            "AZUREML_RUN_ID": f"{RUN}-00000",
            "AZUREML_ARM_PROJECT_NAME": "sales",
            "AZUREML_SERVICE_ENDPOINT": "https://pipeyard.example.com",
            "AZUREML_RUN_TOKEN": "secret",
        },
        artifacts=UploadTarget(base_url=f"{url}/a", query="sig=s"),
        log_name="log.txt",
        metrics_name="metrics.jsonl",
        timeout_seconds=7200,
    )


def body_of(settings: dict[str, Any]) -> dict[str, Any]:
    job = job_of(settings)
    if "python_script_name" not in settings:
        return run_request(job, task_of(job, "abfss"))
    prefix = [f"{HOME}/launcher/d1", "snapshots/d2", job.name, "train.py"]
    launcher = f"{HOME}/launcher/d1/launch_in_process.py"
    return run_request(job, script_task(job, "wasbs", launcher, prefix, f"{HOME}/snapshots/d2"))


def strict(schema: Any) -> Any:
    """The schema with no room for keys that it does not name."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: strict(value) for key, value in schema.items()}
    closed = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    return {**changed, "additionalProperties": False} if closed else changed


@pytest.mark.parametrize("case", CASES)
def test_a_request_is_what_was_agreed_on(case):
    assert body_of(CASES[case]) == json.loads((GOLDEN / f"{case}.json").read_text())


@pytest.mark.parametrize("case", CASES)
def test_a_request_is_what_databricks_has_published(case):
    if not SCHEMA.exists():
        pytest.skip(f"The published schema is not at {SCHEMA}.")
    definitions = json.loads(SCHEMA.read_text())["$defs"]
    Draft202012Validator({"$ref": "#/$defs/SubmitRun", "$defs": strict(definitions)}).validate(body_of(CASES[case]))


def test_no_request_has_a_secret():
    for case in CASES.values():
        assert "secret" not in json.dumps(body_of(case))
        assert "sig=" not in json.dumps(body_of(case))


def test_the_shorter_time_limit_counts():
    assert body_of({**CASES["script_on_a_pool"], "timeout_seconds": 9000})["timeout_seconds"] == 7200
    assert len(body_of(CASES["script_on_a_pool"])["idempotency_token"]) == 64


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"notebook_path": "/n"}, "notebook /n"),
        ({"python_script_name": "a.py"}, "a.py"),
        ({"wheel_package_name": "p", "wheel_entry_point": "e"}, "p:e"),
    ],
)
def test_what_messages_call_it(settings, name):
    assert shown_name(DatabricksSettings(**settings)) == name
