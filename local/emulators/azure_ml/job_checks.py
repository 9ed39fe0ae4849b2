"""What a command job must fulfil before it is taken, beyond the shape of its body."""

import re

from local.emulators.azure_ml.assets import Assets
from local.emulators.azure_ml.calls import Call
from local.emulators.azure_ml.clusters import Clusters, scale_of
from local.emulators.azure_ml.contract import CodeVersion, CommandJob, EnvironmentVersion
from local.emulators.azure_ml.errors import Refusal

PLACEHOLDER = re.compile(r"\$\{\{\s*(?P<kind>inputs|outputs)\.(?P<name>\w+)\s*\}\}")
_ANY_PLACEHOLDER = re.compile(r"\$\{\{.*?\}\}")
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}\Z")
_COMPUTE_ID = re.compile(r"(?P<workspace>/.+)/computes/(?P<name>[^/]+)\Z")


class JobChecks:
    """Checks against what the workspace has."""

    def __init__(
        self, codes: Assets[CodeVersion], environments: Assets[EnvironmentVersion], clusters: Clusters
    ) -> None:
        self._codes = codes
        self._environments = environments
        self._clusters = clusters

    def check(self, call: Call, job: CommandJob) -> None:
        """Return if the job can be taken.

        Raises:
            Refusal: It cannot.
        """
        if not _NAME.match(call.names["name"]):
            raise Refusal(f"{call.names['name']!r} is no name of a job: letters, digits, _ and -, at most 255.")
        self._environments.find(call, job.environment_id)
        if job.code_id is not None:
            self._codes.find(call, job.code_id)
        self._check_nodes(call, job)
        for found in _ANY_PLACEHOLDER.finditer(job.command):
            place = PLACEHOLDER.fullmatch(found[0])
            known = (job.inputs if place and place["kind"] == "inputs" else job.outputs) or {}
            if place is None or place["name"] not in known:
                raise Refusal(f"The command has {found[0]}, which is neither an input nor an output of the job.")

    def _check_nodes(self, call: Call, job: CommandJob) -> None:
        found = _COMPUTE_ID.match(job.compute_id)
        if found is None or found["workspace"].lower() != call.workspace.lower():
            raise Refusal(f"{job.compute_id} is no id of a compute in this workspace.")
        cluster = self._clusters.read(found["name"])
        if cluster is None:
            raise Refusal(f"Compute {found['name']} was not found.", inner="ComputeNotFound")
        most = scale_of(cluster).max_node_count
        if job.node_count > most:
            raise Refusal(f"The job needs {job.node_count} nodes, but {found['name']} has {most} at most.")


def cluster_name(job: CommandJob) -> str:
    """The compute that a checked job runs on."""
    return job.compute_id.rpartition("/")[2]
