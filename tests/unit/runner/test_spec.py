import json

import pytest

from runner.errors import SpecError
from runner.spec import Target, check_relative, parse_spec, signatures
from shared.core.jobs import JobArgument, JobFile, JobResult, JobSpec
from tests.unit.runner.jobs import job, value


def test_every_field_of_a_job_spec_that_matters_is_read(server):
    spec = job(
        server,
        "",
        arguments=(JobArgument(input="data"), JobArgument(output="model"), value("x")),
        inputs={"data": b"1", "folder": {"a/b": b"2"}},
        outputs=("model",),
        environment={"A": "b"},
        timeout_seconds=3,
        interpreter="/usr/bin/python3",
        callback_url="http://host/callback?code=HOOK",
    )
    read = parse_spec(spec.model_dump_json())
    for name in set(read._fields) - {"code", "command", "inputs", "outputs", "artifacts"}:
        assert getattr(read, name) == getattr(spec, name)
    assert [tuple(item) for item in read.command] == [(a.value, a.input, a.output) for a in spec.command]
    assert [file.path for item in read.inputs for file in item.files] == ["file.bin", "a/b"]
    assert read.code[0]._asdict() == spec.code[0].model_dump()
    assert read.artifacts._asdict() == spec.artifacts.model_dump()
    assert signatures(read) == ("sv=2024&sig=SECRETSIGNATURE", "code=HOOK")
    # Whoever adds a field to one side must look at the other.
    assert set(JobSpec.model_fields) - set(read._fields) == {
        "schema_version",
        "run_id",
        "step_run_id",
        "step_name",
        "step_type",
        "experiment",
        "compute_target",
        "settings",
        "software",
        "resources",
    }


def test_the_result_has_no_field_that_the_runner_does_not_know():
    written = {"schema_version", "outcome", "exit_code", "message", "started_at", "ended_at", "wall_seconds"}
    written |= {"cpu_seconds", "peak_memory_bytes", "outputs", "listed_outputs", "files", "warnings"}
    assert set(JobResult.model_fields) == written


@pytest.mark.parametrize("path", ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\0b"])
def test_paths_that_leave_their_folder(path):
    with pytest.raises(SpecError):
        check_relative(path)


@pytest.mark.parametrize("path", ["a", "a/b.txt", ".hidden", "..a", "ä b/c%d"])
def test_paths_that_stay(path):
    assert check_relative(path) == path


@pytest.mark.parametrize(
    "change",
    [
        {"log_name": "../log"},
        {"metrics_name": "/m"},
        {"name": "../x"},
        {"command": ()},
        {"command": (JobArgument(input="unknown"),)},
        {"command": (JobArgument(output="unknown"),)},
        {"command": (JobArgument(),)},
        {"code": (JobFile(path="a", url="http://h/a?sig=SECRET", digest="crc:1", size=1),)},
        {"code": (JobFile(path="a", url="http://h/a?sig=SECRET", digest="sha256:../../x", size=1),)},
    ],
)
def test_what_must_not_be_done_is_refused_without_telling_signatures(server, change):
    spec = job(server, "").model_copy(update=change)
    with pytest.raises(SpecError) as caught:
        parse_spec(spec.model_dump_json())
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 2}', '{"schema_version": 1}'])
def test_what_is_no_job_is_refused(text):
    with pytest.raises(SpecError):
        parse_spec(text)


def test_a_place_of_an_unknown_kind_is_refused(server):
    document = json.loads(job(server, "", outputs=("model",)).model_dump_json())
    document["outputs"][0]["target"]["type"] = "ftp"
    with pytest.raises(SpecError, match="ftp"):
        parse_spec(json.dumps(document))


def test_urls_are_quoted_below_their_base():
    assert Target("http://h/c/a%20b", "sig=1").url("ä b/c?d#e%") == "http://h/c/a%20b/%C3%A4%20b/c%3Fd%23e%25?sig=1"
    assert Target("http://h/c", "").url("") == "http://h/c"
