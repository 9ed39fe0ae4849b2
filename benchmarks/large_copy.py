"""A blob that is larger than what storage copies at once, copied by a step over an older one; `kill -9` in between.

Real bytes in the local workspace's storage. The runner is killed while storage copies; the step's next try goes on with
the blocks that are missing. Until the copy is whole the older blob is at the place; then the new one, by its digest.
"""

import hashlib
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, BlobServiceClient
from pipeyard.core import Datastore, Experiment, Workspace
from pipeyard.core.compute import ComputeTarget, DataFactoryCompute
from pipeyard.data.data_reference import DataReference
from pipeyard.pipeline.core import Pipeline
from pipeyard.pipeline.steps import DataTransferStep

from benchmarks.transfer import write_random
from local.azurite import ACCOUNT, ACCOUNT_KEY
from local.demo_workspace import running_workspace

SIZE = 1 << 30
OLD = b"what was there before"
_CONTAINER = "azureml-blobstore"
_CHUNK = 1 << 20
_LIMIT_SECONDS = 600.0


class BenchmarkError(Exception):
    """The copy broke a promise."""


def run() -> dict[str, Any]:
    """Measure; progress goes to stderr."""
    size = int(os.environ.get("PIPEYARD_BENCH_BYTES", SIZE))
    with tempfile.TemporaryDirectory(prefix="pipeyard-bench-") as name:
        folder = Path(name)
        source = folder / "large"
        write_random(source, size)
        with running_workspace(folder / "data") as url, Workspace(url).client:
            result = {"bytes": size, **_copy(Workspace(url), folder / "data", source)}
    for key, value in result.items():
        print(f"{key:28} {value}", file=sys.stderr)
    return result


def _copy(workspace: Workspace, data: Path, source: Path) -> dict[str, Any]:
    store = workspace.get_default_datastore()
    store.upload_files([str(source)], target_path="in", overwrite=True, show_progress=False)
    with _blobs(data).get_blob_client(_CONTAINER, f"to/{source.name}") as there:
        there.upload_blob(OLD)
        begun = time.perf_counter()
        submitted = _submit(workspace, store, source.name)
        blocks = _kill_in_the_middle(data, there)
        kept = there.download_blob().readall() == OLD
        submitted.wait_for_completion(show_output=False)
        seconds = time.perf_counter() - begun
        sha256 = hashlib.sha256()
        for chunk in there.download_blob().chunks():
            sha256.update(chunk)
    (step,) = submitted.get_steps()
    if not kept or sha256.hexdigest() != _sha256(source):
        raise BenchmarkError(f"the older blob was there: {kept}; the copy ends with other bytes")
    log = step.get_stdout_log()
    if "copied by storage" not in log:
        raise BenchmarkError(f"storage did not copy by itself: {log}")
    return {"blocks_at_kill": blocks, "tries": step.document["attempt"], "copy_s": round(seconds, 2)}


def _submit(workspace: Workspace, store: Datastore, name: str) -> Any:
    target = ComputeTarget.attach(workspace, "copies", DataFactoryCompute.attach_configuration("g", "f"))
    source, destination = (
        DataReference(store, f"{each}_", path_on_datastore=f"{each}/{name}") for each in ("in", "to")
    )
    step = DataTransferStep("copy", source, destination, target, "file", "file")
    return Experiment(workspace, "large-copy").submit(Pipeline(workspace, [step]))


def _kill_in_the_middle(data: Path, there: BlobClient) -> int:
    """Kill the runner once storage has some of the blocks; returns how many."""
    deadline = time.monotonic() + _LIMIT_SECONDS
    while time.monotonic() < deadline:
        try:
            _, unseen = there.get_block_list("all")
        except HttpResponseError:
            unseen = []
        if unseen:
            (runner,) = (data / "jobs").glob("*/runner.json")
            os.kill(int(json.loads(runner.read_text())["pid"]), signal.SIGKILL)
            return len(there.get_block_list("all")[1])
        time.sleep(0.01)
    raise BenchmarkError("no block of the copy was ever seen")


def _blobs(data: Path) -> BlobServiceClient:
    port = json.loads((data / "workspace.json").read_text())["blob_port"]
    return BlobServiceClient(f"http://127.0.0.1:{port}/{ACCOUNT}", credential=ACCOUNT_KEY)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
