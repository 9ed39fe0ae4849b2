"""The processes of a job: how many, and what tells them apart."""

import json
import os
import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.emulators.azure_ml.contract import CommandJob, Mpi, PyTorch, TensorFlow
from local.emulators.azure_ml.job_checks import PLACEHOLDER
from local.emulators.azure_ml.places import JobFolder
from local.emulators.processes import Command
from runner.script import passed_on

_WORKSPACE = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/.*/(?P<workspace>[^/]+)\Z"
)
_HERE = "127.0.0.1"


def commands(
    name: str, workspace: str, job: CommandJob, python: Path, folder: JobFolder, values: Mapping[str, str]
) -> list[Command]:
    """The processes of a job, by rank.

    Args:
        name: Of the job.
        workspace: Resource id.
        job: What was asked for.
        python: Interpreter of the environment.
        folder: Where its files are.
        values: What stands for each placeholder, by `inputs.<name>` and `outputs.<name>`.
    """
    line = PLACEHOLDER.sub(lambda found: values[f"{found['kind']}.{found['name']}"], job.command)
    common = _environment(name, workspace, job, python, folder)
    ranks = list(_ranks(job))
    logs = ["std_log.txt"] if len(ranks) == 1 else [f"std_log_process_{rank}.txt" for rank in range(len(ranks))]
    return [
        Command(["bash", "-c", line], {**common, **own}, folder.logs / "user_logs" / log)
        for own, log in zip(ranks, logs, strict=True)
    ]


def _environment(name: str, workspace: str, job: CommandJob, python: Path, folder: JobFolder) -> dict[str, str]:
    variables = passed_on(os.environ)
    variables |= {
        "PATH": f"{python.parent}{os.pathsep}{variables.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": str(python.parent.parent),
        "TMPDIR": str(folder.temporary),
        "AZUREML_RUN_ID": name,
        "AZUREML_ARM_PROJECT_NAME": job.experiment_name or "Default",
    }
    found = _WORKSPACE.match(workspace)
    if found is not None:
        variables |= {
            "AZUREML_ARM_SUBSCRIPTION": found["subscription"],
            "AZUREML_ARM_RESOURCEGROUP": found["group"],
            "AZUREML_ARM_WORKSPACE_NAME": found["workspace"],
        }
    asked = job.environment_variables or {}
    return variables | {key: value for key, value in asked.items() if value is not None}


def _ranks(job: CommandJob) -> Iterator[dict[str, str]]:
    """The variables of each process."""
    nodes, kind = job.node_count, job.distribution
    if isinstance(kind, TensorFlow):
        yield from _tensorflow(kind.worker_count or nodes, kind.parameter_server_count or 0)
        return
    per_node = (kind is not None and kind.process_count_per_instance) or 1
    port = str(_free_ports(1)[0])
    for rank in range(nodes * per_node):
        node, local = divmod(rank, per_node)
        own = {"NODE_RANK": str(node), "AZUREML_NODE_COUNT": str(nodes)}
        if isinstance(kind, PyTorch):
            own |= {"RANK": str(rank), "LOCAL_RANK": str(local), "WORLD_SIZE": str(nodes * per_node)}
        if isinstance(kind, Mpi):
            own |= {"OMPI_COMM_WORLD_RANK": str(rank), "OMPI_COMM_WORLD_SIZE": str(nodes * per_node)}
            own |= {"OMPI_COMM_WORLD_LOCAL_RANK": str(local), "OMPI_COMM_WORLD_LOCAL_SIZE": str(per_node)}
        if kind is not None:
            own |= {"MASTER_ADDR": _HERE, "MASTER_PORT": port}
        yield own


def _tensorflow(workers: int, servers: int) -> Iterator[dict[str, str]]:
    hosts = [f"{_HERE}:{port}" for port in _free_ports(workers + servers)]
    cluster = {"worker": hosts[:workers], **({"ps": hosts[workers:]} if servers else {})}
    for kind, members in cluster.items():
        for index in range(len(members)):
            yield {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})}


def _free_ports(count: int) -> list[int]:
    probes = [socket.create_server((_HERE, 0)) for _ in range(count)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports
