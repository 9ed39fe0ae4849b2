"""The body of `runs/submit`: one task on a cluster, with everything that a step's settings say, as plain data."""

import hashlib
import math
import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import unquote

from shared.core.databricks import DatabricksSettings, place_of
from shared.core.errors import BackendError
from shared.core.jobs import BlobPlace, JobSpec
from shared.core.storage_uris import abfss_uri, wasbs_uri

UriScheme = Literal["abfss", "wasbs"]

_TASK = "main"
_LONGEST_NAME = 4000
"""Databricks allows 4,096 bytes."""
_SINGLE_NODE_CONF = {"spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*]"}
_PASSED_ON = (
    *("AZUREML_RUN_ID", "AZUREML_ARM_SUBSCRIPTION", "AZUREML_ARM_RESOURCEGROUP", "AZUREML_ARM_WORKSPACE_NAME"),
    *("AZUREML_ARM_PROJECT_NAME", "AZUREML_SERVICE_ENDPOINT"),
)
"""What v1 told everything that it ran. It told the run's token, too, which everybody could read in the run's page."""
_REFERENCE = re.compile(r"\$AZUREML_DATAREFERENCE_(\w+)")


def run_request(job: JobSpec, task: Mapping[str, Any]) -> dict[str, Any]:
    """The whole body; `task` is what runs, from `task_of` or `script_task`."""
    settings = settings_of(job)
    limits = [limit for limit in (settings.timeout_seconds, job.timeout_seconds) if limit is not None]
    body: dict[str, Any] = {
        "run_name": (settings.run_name or f"{job.step_name} of {job.experiment}")[:_LONGEST_NAME] + name_end(job.name),
        # Derived from the try: a submit whose answer was lost finds its run.
        "idempotency_token": hashlib.sha256(job.name.encode()).hexdigest(),
        "tasks": [{"task_key": _TASK, **_cluster(job, settings), **task, **_libraries(settings)}],
    }
    if limits:
        body["timeout_seconds"] = math.ceil(min(limits))
    return body


def name_end(job_name: str) -> str:
    """The end of the name of a job's run: all that can be seen of a run and tells whose it is."""
    return f" ({job_name})"


def settings_of(job: JobSpec) -> DatabricksSettings:
    """The step's settings."""
    return DatabricksSettings.model_validate(job.settings)


def shown_name(settings: DatabricksSettings) -> str:
    """What runs, as messages call it."""
    if settings.notebook_path is not None:
        return f"notebook {settings.notebook_path}"
    script = settings.python_script_name or settings.python_script_path
    return script or settings.main_class_name or f"{settings.wheel_package_name}:{settings.wheel_entry_point}"


def task_of(job: JobSpec, scheme: UriScheme) -> dict[str, Any]:
    """What runs, where it lies on Databricks already.

    Raises:
        BackendError: An input or output has no place that Databricks could read from or write to.
    """
    settings, words = settings_of(job), parameters_of(job, scheme)
    if settings.notebook_path is not None:
        values = {**passed_on(job), **dict(zip(words[::2], words[1::2], strict=True))}
        notebook = {"notebook_path": settings.notebook_path, "source": "WORKSPACE", "base_parameters": values}
        return {"notebook_task": notebook}
    words += _as_words(passed_on(job))
    if settings.python_script_path is not None:
        return {"spark_python_task": {"python_file": settings.python_script_path, "parameters": words}}
    if settings.main_class_name is not None:
        return {"spark_jar_task": {"main_class_name": settings.main_class_name, "parameters": words}}
    wheel = {"package_name": settings.wheel_package_name, "entry_point": settings.wheel_entry_point}
    return {"python_wheel_task": {**wheel, "parameters": words}}


def script_task(job: JobSpec, scheme: UriScheme, launcher: str, prefix: list[str], folder: str) -> dict[str, Any]:
    """A script of the source directory: the launcher runs it.

    Raises:
        BackendError: As for `task_of`.
    """
    identity = {**passed_on(job), "AZUREML_SCRIPT_DIRECTORY_NAME": folder}
    words = [*prefix, *parameters_of(job, scheme), *_as_words(identity)]
    return {"spark_python_task": {"python_file": launcher, "parameters": words}}


def parameters_of(job: JobSpec, scheme: UriScheme) -> list[str]:
    """The step's words with addresses in place of inputs and outputs.

    Raises:
        BackendError: One that is needed has no address.
    """
    places = addresses(job, scheme)
    words: list[str] = []
    for word in job.command:
        if word.input is not None:
            words.append(places.get(word.input) or _without_place(job, "input", word.input))
        elif word.output is not None:
            words.append(places.get(word.output) or _without_place(job, "output", word.output))
        else:
            words.append(_REFERENCE.sub(lambda match: places.get(match[1], match[0]), word.value or ""))
    return words


def addresses(job: JobSpec, scheme: UriScheme) -> dict[str, str]:
    """Where inputs and outputs are for whoever reads and writes them on a cluster, by name."""
    form = abfss_uri if scheme == "abfss" else wasbs_uri
    places: dict[str, BlobPlace | None] = {source.name: source.place for source in job.inputs}
    places |= {output.name: output.place for output in job.outputs}
    # Hadoop takes a path as it is written: `%20` would be three characters.
    return {name: unquote(form(place)) for name, place in places.items() if place is not None}


def passed_on(job: JobSpec) -> dict[str, str]:
    """The part of the job's identity that is no secret."""
    return {name: job.environment[name] for name in _PASSED_ON if name in job.environment}


def _as_words(values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (f"--{name}", value)]


def _without_place(job: JobSpec, what: str, name: str) -> str:
    if what == "output":
        advice = "Keep it on a datastore that is a blob container."
    else:
        advice = (
            "Databricks reads what lies in one folder, or is one file, of a blob container: register the data as one "
            "folder, or copy it there with a `data_transfer` step."
        )
    raise BackendError(f"Step `{job.step_name}`: {what} `{name}` has no one address in blob storage. {advice}")


def _cluster(job: JobSpec, settings: DatabricksSettings) -> dict[str, Any]:
    if settings.existing_cluster_id is not None:
        return {"existing_cluster_id": settings.existing_cluster_id}
    conf = {name: _text(value) for name, value in (settings.spark_conf or {}).items()}
    tags = {"pipeyard_step_run": job.step_run_id}
    if settings.num_workers == 0:  # what makes Databricks take a driver without workers for a whole cluster
        conf, tags = {**_SINGLE_NODE_CONF, **conf}, {**tags, "ResourceClass": "SingleNode"}
    cluster: dict[str, Any] = {
        "spark_version": settings.spark_version,
        "node_type_id": settings.node_type,
        "instance_pool_id": settings.instance_pool_id,
        "num_workers": settings.num_workers,
        "autoscale": _autoscale(settings),
        "spark_conf": conf or None,
        "spark_env_vars": settings.spark_env_variables or None,
        "init_scripts": [_at(path) for path in settings.init_scripts or ()] or None,
        "cluster_log_conf": _at(settings.cluster_log_dbfs_path) if settings.cluster_log_dbfs_path else None,
        "data_security_mode": settings.data_security_mode,
        "custom_tags": tags,
    }
    return {"new_cluster": {name: value for name, value in cluster.items() if value is not None}}


def _autoscale(settings: DatabricksSettings) -> dict[str, int | None] | None:
    if settings.num_workers is not None:
        return None
    return {"min_workers": settings.min_workers, "max_workers": settings.max_workers}


def _at(path: str) -> dict[str, Any]:
    """A path of a cluster's description, under the name of the storage that it is on."""
    place = place_of(path) or "workspace"
    return {"abfss" if place == "storage" else place: {"destination": path}}


def _libraries(settings: DatabricksSettings) -> dict[str, Any]:
    libraries: list[dict[str, Any]] = [
        *({"pypi": each.model_dump(exclude_none=True)} for each in settings.pypi_libraries or ()),
        *({"maven": _maven(each.model_dump(mode="json"))} for each in settings.maven_libraries or ()),
        *({"cran": each.model_dump(exclude_none=True)} for each in settings.rcran_libraries or ()),
        *({"jar": each.library} for each in settings.jar_libraries or ()),
        *({"egg": each.library} for each in settings.egg_libraries or ()),
        *({"whl": each.library} for each in settings.wheel_libraries or ()),
        *({"requirements": each.library} for each in settings.requirements_libraries or ()),
    ]
    return {"libraries": libraries} if libraries else {}


def _maven(library: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in library.items() if value}


def _text(value: object) -> str:
    """A value of Spark's configuration, whose booleans are lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)
