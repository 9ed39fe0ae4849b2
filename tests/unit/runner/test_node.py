"""The runner as the one archive that travels to a node, started as a compute service starts it."""

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import runner
from shared.adapters.azure_ml.node_files import node_files
from shared.core.jobs import BlobPlace, JobArgument, JobResult
from tests.unit.runner.blob_server import QUERY
from tests.unit.runner.jobs import LOG, METRICS, job, text_of, value
from tests.waiting import until

OTHER_PYTHON = Path("/usr/bin/python3")


class Node:
    """A working directory as the service makes it: the snapshot's files, the archives, and the job's document."""

    def __init__(self, folder, server):
        self.folder = folder
        self.server = server
        for name, data in node_files().items():
            self._write(name, data)

    def start(self, spec, *words, ranks=1, python=sys.executable, **environment):
        for file in spec.code:
            self._write(file.path, self.server.blobs[f"code/{spec.name}/{file.path}"])
        results = [f"{self.server.base_url}/results/{rank}?{QUERY}" for rank in range(ranks)]
        document = {"schema_version": 1, "job": spec.model_dump(mode="json"), "results": results}
        path = self.folder.with_name("document.json")
        path.write_text(json.dumps(document))
        command = [str(python), ".pipeyard/runner.pyz", "--job", str(path), *words]
        env = {"PATH": os.environ["PATH"], "PIPEYARD_GRACE_SECONDS": "0.2", **environment}
        return subprocess.Popen(command, cwd=self.folder, env=env, stdout=subprocess.DEVNULL)

    def run(self, spec, *words, **options):
        return self.start(spec, *words, **options).wait(60)

    def result(self, rank=0):
        return JobResult.model_validate_json(self.server.blobs[f"results/{rank}"])

    def _write(self, name, data):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@pytest.fixture
def node(tmp_path, server):
    folder = tmp_path / "wd"
    folder.mkdir()
    return Node(folder, server)


def test_a_job_meets_what_the_service_has_put_in_place(node, server, tmp_path):
    mounted, stored = tmp_path / "mnt/data", tmp_path / "mnt/model"
    mounted.mkdir(parents=True)
    stored.mkdir()
    (mounted / "a.txt").write_text("mounted")
    code = """
    import os, pathlib, sys
    data, fetched, address, model, report = sys.argv[1:]
    assert os.environ["AZUREML_DATAREFERENCE_data"] == data
    assert address == "wasbs://c@a/p"
    text = open(f"{data}/a.txt").read() + open(f"{fetched}/b.txt").read()
    pathlib.Path(model, "m.txt").write_text(text)
    pathlib.Path(report).mkdir()
    pathlib.Path(report, "r.txt").write_text(text)
    os.symlink(f"{data}/a.txt", f"{report}/linked.txt")
    print(os.environ["OF_THE_IMAGE"], os.environ.get("AZUREML_RUN_ID"), os.environ.get("AZUREML_OTHER"))
    from pipeyard.core import Run
    Run.get_context().log("loss", 1)
    """
    names = ("data", "fetched", "address")
    arguments = (*(JobArgument(input=name) for name in names), *(JobArgument(output=o) for o in ("model", "report")))
    spec = job(
        server,
        code,
        arguments=arguments,
        inputs={"data": {"a.txt": b"not this"}, "fetched": {"b.txt": b"+fetched"}, "address": {"x": b"nor this"}},
        outputs=("model", "report"),
        environment={"AZUREML_RUN_ID": "run-00000"},
        callback_url=f"{server.base_url}/callback?code=HOOK",
    )
    words = ["--input", f"data={mounted}", "--input", "address=wasbs://c@a/p", "--output", f"model={stored}"]
    environment = {"OF_THE_IMAGE": "kept", "AZUREML_RUN_ID": "the service's", "AZUREML_OTHER": "the service's"}
    assert node.run(spec, *words, **environment) == 0, server.blobs
    result = node.result()
    assert (result.outcome, result.warnings) == ("completed", ())
    assert result.listed_outputs == ("model",)
    assert {name: [file.path for file in files] for name, files in result.outputs.items()} == {
        "report": ["linked.txt", "r.txt"]
    }
    assert (stored / "m.txt").read_text() == "mounted+fetched"
    assert server.blobs[f"job/{spec.name}/{LOG}"] == b"kept run-00000 None\n"
    assert b'"loss"' in server.blobs[f"job/{spec.name}/{METRICS}"]
    order = [request.name for request in server.requests]
    assert order[-2:] == ["results/0", "callback"]
    assert not list(node.folder.glob(".pipeyard-job-*"))
    assert b"SECRETSIGNATURE" not in server.blobs["results/0"]


@pytest.mark.parametrize(
    ("path", "ranks", "kept"),
    [("azureml/{}/model", 1, False), ("shared/model", 1, True), ("azureml/{}/model", 2, True)],
)
def test_what_a_lost_node_has_written_is_not_part_of_the_output(node, server, tmp_path, path, ranks, kept):
    stored = tmp_path / "mnt"
    (stored / "below").mkdir(parents=True)
    (stored / "below/old.txt").write_text("half")
    code = "import pathlib, sys\npathlib.Path(sys.argv[1], 'new.txt').write_text('whole')"
    spec = job(server, code, arguments=(JobArgument(output="model"),), outputs=("model",))
    place = BlobPlace(container_url="https://a.blob.core.windows.net/c", path=path.format(spec.step_run_id))
    (model,) = spec.outputs
    spec = spec.model_copy(update={"outputs": (model.model_copy(update={"place": place}),)})
    assert node.run(spec, "--output", f"model={stored}", ranks=ranks) == 0
    assert (stored / "new.txt").read_text() == "whole"
    assert (stored / "below").exists() is kept


@pytest.mark.parametrize(
    "variables",
    [
        {"OMPI_COMM_WORLD_RANK": "1"},
        {"RANK": "1"},
        {"TF_CONFIG": '{"cluster": {"worker": ["a", "b"], "ps": ["c"]}, "task": {"type": "worker", "index": 1}}'},
    ],
)
def test_ranks_other_than_the_first_keep_what_they_leave_apart(node, server, variables):
    code = """
    import json, os, pathlib, sys
    pathlib.Path("outputs/plot.txt").write_text("plot")
    with open(os.environ["PIPEYARD_METRICS_FILE"], "a") as stream:
        stream.write('{"name": "loss"}\\n')
    print("second")
    """
    callback = f"{server.base_url}/callback?code=HOOK"
    spec = job(server, code, outputs=("model",), callback_url=callback)
    assert node.run(spec, ranks=2, **variables) == 0
    own = ["rank_1/outputs/plot.txt", "azureml-logs/70_driver_log_rank_1.txt", "metrics/attempt_1_rank_1.jsonl"]
    assert list(node.result(1).files) == own
    assert node.result(1).warnings == ()
    assert {name for name in server.blobs if name.startswith("job/")} == {f"job/{spec.name}/{name}" for name in own}
    assert not server.seen("POST", "callback")


def test_a_rank_beyond_those_that_are_expected_does_nothing(node, server):
    assert node.run(job(server, "print(1)"), RANK="3") == 1
    assert not [name for name in server.blobs if name.startswith(("job/", "results/"))]


def test_a_failed_script_and_a_missing_one(node, server):
    assert node.run(job(server, "raise SystemExit(3)")) == 1
    assert (node.result().outcome, node.result().exit_code) == ("failed", 3)
    spec = job(server, "")
    assert node.run(spec.model_copy(update={"command": (value("none.py"),)})) == 1
    assert node.result().message == "The script none.py is not in the step's source directory."


def test_whoever_ends_the_runner_gets_a_result_all_the_same(node, server, tmp_path):
    started = tmp_path / "started"
    code = "import sys, time\nopen(sys.argv[1], 'w').write('x')\ntime.sleep(600)"
    process = node.start(job(server, code, arguments=(value(str(started)),)))
    until(lambda: text_of(started))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 1
    assert node.result().outcome == "canceled"


def test_the_result_waits_for_storage(node, server):
    refusals = iter([503, 503, 0])
    server.fail = lambda request: next(refusals, None) if request.name == "results/0" else None
    assert node.run(job(server, "print(1)")) == 0
    assert node.result().outcome == "completed"


@pytest.mark.skipif(not OTHER_PYTHON.exists(), reason="There is no other Python.")
def test_the_python_of_an_image_runs_it(node, server):
    assert node.run(job(server, "print(1)"), python=OTHER_PYTHON) == 0


@pytest.mark.parametrize("path", sorted(Path(runner.__file__).parent.glob("*.py")), ids=lambda path: path.name)
def test_python_3_8_can_read_it(path):
    ast.parse(path.read_text(), feature_version=(3, 8))


def test_the_archives_are_the_same_every_time():
    first = dict(node_files())
    node_files.cache_clear()
    assert node_files() == first
