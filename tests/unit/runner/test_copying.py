"""Jobs that copy an input to an output, where storage is not as it should be."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from runner.copying import Copier
from runner.errors import TransferError
from runner.http_client import HttpClient
from runner.live import LogUpload
from runner.script import Layout
from runner.spec import parse_spec
from shared.core.jobs import JobArgument, JobFile, JobInput, JobOutcome, JobOutput, JobResult, JobSpec, UploadTarget
from tests.unit.runner.blob_server import QUERY, BlobServer
from tests.unit.runner.jobs import LOG, job, value
from tests.unit.runner.test_main import start

DATA = {"a": b"one", "b": b"two"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "job"
    folder.mkdir()
    return folder


def transfer(server: BlobServer, algorithm: str = "md5", **changes: Any) -> JobSpec:
    files = []
    for name, data in DATA.items():
        stored = server.put(f"in/{name}", data)
        digest = f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"
        files.append(JobFile(path=name, **{**stored, "digest": digest}))
    target = UploadTarget(base_url=f"{server.base_url}/out", query=QUERY)
    return job(
        server,
        launch="transfer",
        command=(JobArgument(input="raw"), JobArgument(output="copied"), value("any"), value("any")),
        inputs=None,
        **changes,
    ).model_copy(
        update={
            "inputs": (JobInput(name="raw", files=tuple(files)),),
            "outputs": (JobOutput(name="copied", target=target, read_query=QUERY),),
        }
    )


def ended(root: Path, spec: JobSpec) -> JobResult:
    start(root, spec).wait(60)
    return JobResult.model_validate_json((root / "result.json").read_text())


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_what_storage_does_not_copy_goes_through_the_machine(root: Path, server: BlobServer, algorithm: str):
    spec = transfer(server, algorithm)
    result = ended(root, spec)
    assert result.outcome is JobOutcome.COMPLETED
    assert {file.path: file.digest for file in result.outputs["copied"]} == {
        file.path: file.digest for file in spec.inputs[0].files
    }
    assert {name: server.blobs[f"out/{name}"] for name in DATA} == DATA
    assert b"2 files, 6 bytes copied through this machine." in server.blobs[f"job/{spec.name}/{LOG}"]
    assert not (root / "copying").exists()
    assert "SECRETSIGNATURE" not in (root / "result.json").read_text() + (root / "log.txt").read_text()


def test_other_bytes_at_the_destination_fail_the_copy(root: Path, server: BlobServer):
    def truncate(request):
        if request.method == "HEAD":
            server.blobs["out/a"] = b"o"

    server.fail = truncate
    result = ended(root, transfer(server))
    assert result.outcome is JobOutcome.FAILED
    assert result.message == "a arrived at the destination with other bytes."
    assert result.outputs == {}


def test_a_source_that_changed_fails_the_copy(root: Path, server: BlobServer):
    spec = transfer(server)
    server.blobs["in/b"] = b"TWO"
    result = ended(root, spec)
    assert result.outcome is JobOutcome.FAILED
    assert "b is not what its digest says" in result.message
    assert "out/b" not in server.blobs


def test_a_copy_ends_when_its_time_is_up(root: Path, server: BlobServer):
    server.fail = lambda request: 503 if (request.method, request.name) == ("GET", "in/b") else None
    result = ended(root, transfer(server, timeout_seconds=0.01))
    assert result.outcome is JobOutcome.FAILED
    assert "no end within 0.01 s" in result.message
    assert "out/b" not in server.blobs


def test_what_is_done_stays_done_when_a_transfer_begins_again(root: Path, server: BlobServer):
    server.fail = lambda request: 403 if (request.method, request.name) == ("PUT", "out/b") else None
    spec = parse_spec(transfer(server).model_dump_json())
    client = HttpClient()
    copier = Copier(Layout(root), LogUpload(client, root / "log.txt", f"{server.base_url}/log?{QUERY}"))
    with pytest.raises(TransferError):
        copier.run(spec, None)
    server.fail = lambda _: None
    copier.run(spec, None)
    client.close()
    assert [file["path"] for file in copier.files] == ["a", "b"]
    assert len(server.seen("GET", "in/b")) == 2
    assert {name: server.blobs[f"out/{name}"] for name in DATA} == DATA
