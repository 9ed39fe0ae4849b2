"""A job of ours as a command job of Azure ML.

The body names places and sizes and nothing that opens anything: addresses with signatures, tokens and the script's
environment are in the job's document, a blob that the service hands to the node as an input.
"""

import math
import re
from typing import Any

from shared.adapters.azure_ml.node_files import RUNNER
from shared.core.jobs import BlobPlace, JobInput, JobOutput, JobSpec
from shared.core.storage_uris import parse_storage_uri, wasbs_uri

DOCUMENT = "pipeyard_job"
"""Name of the input that is the job's document."""
SPARE_SECONDS = 600
"""Time beyond the step's limit, which the runner itself keeps to, for fetching, uploading, and saying so."""

_INPUT_MODES = {"mount": "ReadOnlyMount", "download": "Download", "direct": "Direct"}
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
_PLAIN = re.compile(r"[\w./,:=@~()-]*\Z", re.ASCII)
"""Paths that mean the same in an address and, between double quotes, in a shell's command line."""


def placed_inputs(job: JobSpec, own: BlobPlace) -> tuple[JobInput, ...]:
    """The inputs that the service itself can put in place; the runner fetches the others.

    `own` is any place of the workspace's account: the cluster's identity has rights there, and nobody knows of others.
    """
    return tuple(item for item in job.inputs if item.files and _fits(item.name, item.place, own))


def placed_outputs(job: JobSpec, own: BlobPlace) -> tuple[JobOutput, ...]:
    """The outputs that the script writes to their place; the runner uploads the others."""
    return tuple(item for item in job.outputs if item.mode == "mount" and _fits(item.name, item.place, own))


def process_count(job: JobSpec) -> int:
    """How many processes run the job's command."""
    return job.resources.node_count * job.resources.process_count_per_node


def command_job(
    job: JobSpec,
    *,
    compute_id: str,
    code_id: str,
    environment_id: str,
    document: BlobPlace,
    identity_client_id: str | None,
) -> dict[str, Any]:
    """The `properties` of the job; the same job gives the same body."""
    inputs = {DOCUMENT: _input("uri_file", "Download", document)}
    for item in placed_inputs(job, document):
        kind = "uri_folder" if item.file_name is None else "uri_file"
        inputs[item.name] = _input(kind, _INPUT_MODES[item.mode], item.place)
    properties: dict[str, Any] = {
        "jobType": "Command",
        "displayName": job.step_name,
        "tags": {
            "pipeyard_run": job.run_id,
            "pipeyard_step_run": job.step_run_id,
            "pipeyard_step": job.step_name,
        },
        "command": _command(job, document),
        "codeId": code_id,
        "environmentId": environment_id,
        "computeId": compute_id,
        "inputs": inputs,
        "resources": {"instanceCount": job.resources.node_count},
        "identity": _identity(identity_client_id),
    }
    if job.experiment:
        properties["experimentName"] = job.experiment
    if outputs := {item.name: _output(item.place) for item in placed_outputs(job, document)}:
        properties["outputs"] = outputs
    if process_count(job) > 1:
        properties["distribution"] = _distribution(job)
    if job.timeout_seconds is not None:
        seconds = math.ceil(job.timeout_seconds) + SPARE_SECONDS
        properties["limits"] = {"jobLimitsType": "Command", "timeout": f"PT{seconds}S"}
    return properties


def _fits(name: str, place: BlobPlace | None, own: BlobPlace) -> bool:
    if place is None or name == DOCUMENT or not _KEY.match(name) or not _PLAIN.match(place.path):
        return False
    return parse_storage_uri(place.container_url)[0] == parse_storage_uri(own.container_url)[0]


def _command(job: JobSpec, own: BlobPlace) -> str:
    words = [f'python {RUNNER} --job "${{{{inputs.{DOCUMENT}}}}}"']
    words += [f'--input "{item.name}=${{{{inputs.{item.name}}}}}"' for item in placed_inputs(job, own)]
    words += [f'--output "{item.name}=${{{{outputs.{item.name}}}}}"' for item in placed_outputs(job, own)]
    return " ".join(words)


def _input(kind: str, mode: str, place: BlobPlace | None) -> dict[str, str]:
    return {"jobInputType": kind, "mode": mode, "uri": wasbs_uri(_required(place))}


def _output(place: BlobPlace | None) -> dict[str, str]:
    return {"jobOutputType": "uri_folder", "mode": "ReadWriteMount", "uri": wasbs_uri(_required(place))}


def _required(place: BlobPlace | None) -> BlobPlace:
    if place is None:
        raise AssertionError  # only what has a place is handed to the service
    return place


def _identity(client_id: str | None) -> dict[str, str]:
    if client_id is None:
        return {"identityType": "AMLToken"}
    return {"identityType": "Managed", "clientId": client_id}


def _distribution(job: JobSpec) -> dict[str, Any]:
    """How the processes are started."""
    if job.resources.communicator == "tensorflow":
        return {"distributionType": "TensorFlow", "workerCount": process_count(job), "parameterServerCount": 0}
    kind = "Mpi" if job.resources.communicator == "mpi" else "PyTorch"
    return {"distributionType": kind, "processCountPerInstance": job.resources.process_count_per_node}
