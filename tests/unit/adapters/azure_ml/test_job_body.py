import pytest

from shared.adapters.azure_ml.job_body import DOCUMENT, SPARE_SECONDS, command_job
from shared.core.definition import StepResources
from shared.core.jobs import BlobPlace, JobArgument, JobFile, JobInput, JobOutput, JobSpec, UploadTarget

OWN = "https://me.blob.core.windows.net"
SIGNED = "sv=1&sig=SECRET"


def body(identity=None, **changes):
    target = UploadTarget(base_url=f"{OWN}/azureml/x", query=SIGNED)
    fields = {
        "name": "run-00000-1",
        "run_id": "run",
        "step_run_id": "run-00000",
        "step_name": "train",
        "experiment": "digits",
        "compute_target": "cpu",
        "command": (JobArgument(value="train.py"), JobArgument(value="SECRET-WORD")),
        "environment": {"AZUREML_RUN_TOKEN": "SECRET"},
        "artifacts": target,
        "log_name": "log",
        "metrics_name": "metrics",
        "callback_url": "https://app/hook?code=SECRET",
    }
    return command_job(
        JobSpec(**{**fields, **changes}),
        compute_id="<ws>/computes/cpu",
        code_id="<code>",
        environment_id="<environment>",
        document=BlobPlace(container_url=f"{OWN}/pipeyard", path="jobs/run-00000-1/job.json"),
        identity_client_id=identity,
    )


def made_input(name="data", *, path="in/data", account=OWN, place=True, files=1, **changes):
    file = JobFile(path="a", url=f"{OWN}/data/in/a?{SIGNED}", digest="sha256:" + "0" * 64, size=1)
    where = BlobPlace(container_url=f"{account}/data", path=path) if place else None
    return JobInput(**{"name": name, "files": (file,) * files, "place": where, **changes})


def made_output(name="model", **changes):
    place = BlobPlace(container_url=f"{OWN}/data", path="out/model")
    return JobOutput(
        **{"name": name, "target": UploadTarget(base_url=OWN, query=SIGNED), "mode": "mount", "place": place, **changes}
    )


def test_nothing_in_the_body_opens_anything():
    whole = body(inputs=(made_input(),), outputs=(made_output(),), timeout_seconds=5.5, identity="client")
    assert "SECRET" not in str(whole)
    assert whole["inputs"][DOCUMENT] == {
        "jobInputType": "uri_file",
        "mode": "Download",
        "uri": "wasbs://pipeyard@me.blob.core.windows.net/jobs/run-00000-1/job.json",
    }
    assert whole["tags"] == {"pipeyard_run": "run", "pipeyard_step_run": "run-00000", "pipeyard_step": "train"}
    assert whole["limits"] == {"jobLimitsType": "Command", "timeout": f"PT{6 + SPARE_SECONDS}S"}


@pytest.mark.parametrize(
    ("mode", "native"), [("mount", "ReadOnlyMount"), ("download", "Download"), ("direct", "Direct")]
)
@pytest.mark.parametrize("file_name", [None, "a"])
def test_inputs_with_a_place_are_the_service_s_matter(mode, native, file_name):
    whole = body(inputs=(made_input(mode=mode, file_name=file_name),))
    kind = "uri_folder" if file_name is None else "uri_file"
    uri = "wasbs://data@me.blob.core.windows.net/in/data"
    assert whole["inputs"]["data"] == {"jobInputType": kind, "mode": native, "uri": uri}
    assert whole["command"].endswith('--input "data=${{inputs.data}}"')


@pytest.mark.parametrize(
    "item",
    [
        made_input(place=False),
        made_input(files=0),
        made_input(name=DOCUMENT),
        made_input(name="1st"),
        made_input(name="größe"),
        made_input(account="https://other.blob.core.windows.net"),
        *(made_input(path=path) for path in ('a"b', "a$(b)", "a`b", "a b", "a;b", "a\nb", "100%", "ä")),
    ],
)
def test_other_inputs_are_the_runner_s(item):
    whole = body(inputs=(item,))
    assert list(whole["inputs"]) == [DOCUMENT]
    assert "--input" not in whole["command"]


def test_outputs_are_mounted_where_the_step_wants_that():
    whole = body(outputs=(made_output(), made_output("report", mode="upload"), made_output("x", place=None)))
    uri = "wasbs://data@me.blob.core.windows.net/out/model"
    assert whole["outputs"] == {"model": {"jobOutputType": "uri_folder", "mode": "ReadWriteMount", "uri": uri}}
    assert whole["command"].endswith('--output "model=${{outputs.model}}"')
    assert "outputs" not in body()


@pytest.mark.parametrize(
    ("resources", "distribution"),
    [
        ({}, None),
        (
            {"process_count_per_node": 4, "communicator": "mpi"},
            {"distributionType": "Mpi", "processCountPerInstance": 4},
        ),
        (
            {"node_count": 2, "process_count_per_node": 2, "communicator": "tensorflow"},
            {"distributionType": "TensorFlow", "workerCount": 4, "parameterServerCount": 0},
        ),
        (
            {"node_count": 3, "communicator": "pytorch"},
            {"distributionType": "PyTorch", "processCountPerInstance": 1},
        ),
    ],
)
def test_processes(resources, distribution):
    whole = body(resources=StepResources(**resources))
    assert whole["resources"]["instanceCount"] == resources.get("node_count", 1)
    assert whole.get("distribution") == distribution


def test_identity():
    assert body()["identity"] == {"identityType": "AMLToken"}
    assert body(identity="client")["identity"] == {"identityType": "Managed", "clientId": "client"}
