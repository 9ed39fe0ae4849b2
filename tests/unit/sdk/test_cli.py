"""The command line: what it prints, where, and how it ends."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from pipeyard._wire import StepRunDocument
from pipeyard.cli.main import main
from pipeyard.cli.render import step_row

from .fake_workspace import step_document

STEPS = [step_document("run-1", 0, "prepare", reused=True), step_document("run-1", 1, "train")]
STEPS[0]["explanation"] = {"code": "reused", "sentence": "Nothing changed since run-0.", "differences": []}
STEPS[1]["explanation"] = {
    "code": "changed",
    "sentence": "`train.py` changed.",
    "differences": [
        {"kind": "file", "name": "train.py", "before": "a1", "after": "b2"},
        {"kind": "parameter", "name": "alpha", "before": None, "after": "0.2"},
    ],
}


@pytest.fixture
def pipeline(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text("print(1)\n")
    document = {
        "name": "digits",
        "parameters": {"alpha": {"type": "float"}, "deep": {"type": "bool"}, "depth": {"type": "int"}},
        "steps": [{"name": "train", "source_directory": "src"}],
    }
    file = tmp_path / "pipeline.json"
    file.write_text(json.dumps(document))
    return str(file)


@pytest.fixture
def cli(fake, capsys):
    """Runs a command line; gives exit code, stdout and stderr."""

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            main(words, transport=fake.transport)
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)


def test_submit_sends_typed_parameters_labels_and_the_snapshot(cli, fake, pipeline):
    words = ["-p", "alpha=0.2", "-p", "deep=yes", "-p", "depth=3", "--label", "ticket=ML-7", "--experiment", "e"]
    code, out, err = cli("submit", pipeline, *words, "--idempotency-key", "k", "--max-parallel-steps", "2")
    body = fake.body()
    assert (code, out) == (0, "Submitted run run-1\n")
    assert "pipeyard status run-1 --follow" in err
    assert body["parameters"] == {"alpha": 0.2, "deep": True, "depth": 3}
    assert (body["labels"], body["experiment_name"], body["max_parallel_steps"]) == ({"ticket": "ML-7"}, "e", 2)
    assert body["definition"]["steps"][0]["snapshot"] in fake.snapshots
    assert fake.requests[-1].headers["idempotency-key"] == "k"


@pytest.mark.parametrize(
    "words",
    [
        ("-p", "depth=much"),
        ("-p", "deep=perhaps"),
        ("-p", "alpha"),
        ("-p", "alpha=1", "-p", "alpha=2"),
        ("--label", "=x"),
        ("--nonsense",),
    ],
)
def test_wrong_usage_ends_with_2(cli, fake, pipeline, words):
    code, _, err = cli("submit", pipeline, *words)
    assert code == 2
    assert "Usage: pipeyard submit" in err
    assert fake.runs == {}


def test_every_fault_is_a_line_with_pointer_and_suggestion(cli, fake, pipeline):
    fake.faults = [
        {"pointer": "/definition/steps/0/x", "message": "No such key.", "suggestion": "Remove it."},
        {"pointer": "/steps/0/inputs", "message": "[bold]No step[/bold] `a`.", "suggestion": None},
    ]
    code, out, err = cli("submit", pipeline)
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        f"error: {pipeline} was refused:",
        "  /steps/0/x: No such key. Remove it.",
        "  /steps/0/inputs: [bold]No step[/bold] `a`.",
    ]


def test_errors_are_json_too(cli, fake, pipeline):
    fake.faults = [{"pointer": "/name", "message": "Too long.", "suggestion": None}]
    code, out, _ = cli("submit", pipeline, "--json")
    error = json.loads(out)["error"]
    assert (code, error["code"]) == (1, "invalid_document")
    assert error["faults"] == [{"pointer": "/name", "message": "Too long.", "suggestion": None}]


def test_validate_tells_warnings(cli, pipeline):
    code, out, err = cli("validate", pipeline)
    assert (code, err) == (0, "warning: `alpha` is used nowhere.\n")
    assert out.endswith("pipeline.json is valid.\n")


def test_following_prints_one_line_per_change(cli, fake, pipeline):
    running = [STEPS[0], {**STEPS[1], "status": "Running"}]
    fake.next_history = [("Running", running), ("Running", running), ("Finished", STEPS)]
    code, out, _ = cli("submit", pipeline, "--follow")
    assert code == 0
    assert out.splitlines() == [
        "run run-1: digits in digits: Running, 1 of 2 steps finished, 1 reused",
        "prepare: Finished, reused, Nothing changed since run-0.",
        "train: Running, 1.50 s, `train.py` changed.",
        "train: Finished, 1.50 s",
        "run run-1: digits in digits: Finished, 2 of 2 steps finished, 1 reused",
    ]


def test_waiting_ends_with_1_unless_the_run_finishes(cli, fake, pipeline):
    failed = {**STEPS[1], "status": "Failed", "error": "Exit code 3."}
    fake.next_history = [("Running", STEPS), ("Failed", [STEPS[0], failed])]
    code, out, err = cli("submit", pipeline, "--wait")
    assert code == 1
    assert "Exit code 3." in out
    assert "ended as Failed" in err


def test_waiting_with_json_prints_one_document(cli, fake, pipeline):
    fake.next_history = [("Running", STEPS), ("Finished", STEPS)]
    code, out, _ = cli("submit", pipeline, "--follow", "--json")
    document = json.loads(out)
    assert (code, document["run"]["status"], len(document["steps"])) == (0, "Finished", 2)


def test_plan_can_guard_a_step(cli, fake, pipeline):
    fake.plan = [
        {"name": "prepare", "action": "reuse", "explanation": {"sentence": "Nothing changed."}, "saves_seconds": 12.3},
        {"name": "train", "action": "run", "explanation": {"sentence": "`train.py` changed."}, "saves_seconds": None},
    ]
    code, out, _ = cli("plan", pipeline, "--fail-if-would-run", "prepare")
    assert code == 0
    assert out.splitlines() == [
        "step     action  saves seconds  reason",
        "prepare  reuse   12             Nothing changed.",
        "train    run                    `train.py` changed.",
    ]
    assert cli("plan", pipeline, "--fail-if-would-run", "train")[0] == 1
    assert cli("plan", pipeline, "--fail-if-would-run", "none")[0] == 2
    assert json.loads(cli("plan", pipeline, "--json")[1])["steps"] == fake.plan
    assert fake.runs == {}


@pytest.mark.parametrize("reference", ["latest", "abc-2", "abc-22"])
def test_a_run_is_named_by_latest_or_a_unique_beginning(cli, fake, reference):
    fake.add_run("abc-1", [("Finished", STEPS)])
    fake.add_run("abc-22", [("Finished", STEPS)])
    code, out, _ = cli("status", reference, "--json")
    assert (code, json.loads(out)["run"]["run_id"]) == (0, "abc-22")


def test_a_run_that_is_none_or_several_is_refused(cli, fake):
    assert "no run yet" in cli("status", "latest")[2]
    fake.add_run("abc-1")
    fake.add_run("abc-2")
    assert "begins 2 run ids" in cli("status", "abc")[2]
    code, _, err = cli("status", "zzz")
    assert (code, "begins with 'zzz'" in err) == (1, True)
    whole = "0" * 36
    assert f"There is no run {whole}." in cli("status", whole)[2]


def test_status_is_a_table(cli, fake):
    fake.add_run("run-1", [("Finished", STEPS)])
    code, out, _ = cli("status", "run-1")
    assert code == 0
    assert out.splitlines()[1:] == [
        "step     status    reused  seconds  reason",
        "prepare  Finished  yes              Nothing changed since run-0.",
        "train    Finished          1.50     `train.py` changed.",
    ]


def test_tables_shorten_ids_and_json_does_not(cli, fake):
    whole = "70ad21f0-9164-5d12-882c-ffeba047d55a-00001"
    step = {**STEPS[0], "explanation": {"code": "reused", "sentence": f"Nothing changed since {whole}."}}
    fake.add_run("run-1", [("Finished", [step])])
    assert "Nothing changed since 70ad21f0…-00001." in cli("status", "run-1")[1]
    assert whole in cli("status", "run-1", "--json")[1]


def test_a_running_step_shows_the_time_that_has_passed():
    step: StepRunDocument = {
        "step_run_id": "r-00000",
        "run_id": "r",
        "name": "train",
        "status": "Running",
        "started_at": "2026-11-23T03:00:00+00:00",
    }
    assert step_row(step, datetime(2026, 11, 23, 3, 0, 42, tzinfo=UTC))[3] == "42"
    assert step_row(step)[3] == ""


def test_status_follow_ends_with_1_for_a_canceled_run(cli, fake):
    fake.add_run("run-1", [("Canceled", STEPS)])
    assert cli("status", "run-1")[0] == 0
    assert cli("status", "run-1", "--follow")[0] == 1


def test_runs_are_listed_newest_first_up_to_the_limit(cli, fake):
    for number in range(5):
        fake.add_run(f"r{number}")
    code, out, _ = cli("runs", "--limit", "3", "--experiment", "digits", "--status", "Running")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["run", "r4", "r3", "r2"]
    assert dict(fake.requests[-1].url.params) == {"experiment": "digits", "status": "Running", "page_size": "3"}
    assert len(json.loads(cli("runs", "--json")[1])["value"]) == 5


@pytest.mark.parametrize("words", [(), ("--follow",)])
def test_logs_come_whole(cli, fake, words):
    fake.add_run("run-1", [("Finished", STEPS)])
    fake.logs["train"] = [("[red]one\n", False), ("zwei ü\n", False), ("three", True)]
    assert cli("logs", "latest", "train", *words)[1] == "[red]one\nzwei ü\nthree"


def test_explain_lists_what_changed(cli, fake):
    fake.add_run("run-1", [("Finished", STEPS)])
    assert cli("explain", "latest")[1].splitlines() == [
        "prepare (reused): Nothing changed since run-0.",
        "train (Finished): `train.py` changed.",
        "  file train.py: a1 → b2",
        "  parameter alpha: new (0.2)",
    ]
    assert len(json.loads(cli("explain", "latest", "train", "--json")[1])["value"]) == 1


def test_metrics_and_outputs_of_all_steps(cli, fake):
    fake.add_run("run-1", [("Finished", STEPS)])
    fake.metrics["train"] = [{"name": "loss", "value": 0.5, "step": 3}, {"name": "rows", "value": {"a": 1}}]
    fake.outputs["train"] = {"model": {"": b"bytes"}}
    assert cli("metrics", "latest")[1].splitlines() == [
        "step   metric  #  value",
        "train  loss    3  0.5",
        'train  rows       {"a": 1}',
    ]
    assert "train  model   1      5      workspaceblobstore/azureml/run-1/model" in cli("outputs", "latest")[1]
    assert json.loads(cli("metrics", "latest", "train", "--json")[1])["train"][0]["value"] == 0.5


def test_download_puts_the_output_where_it_is_told(cli, fake, tmp_path):
    fake.add_run("run-1", [("Finished", STEPS)])
    fake.outputs["train"] = {"model": {"": b"bytes"}}
    code, out, _ = cli("download", "latest", "train", "model", "--to", str(tmp_path / "got"))
    assert (code, out.strip()) == (0, str(tmp_path / "got" / "model"))
    assert (tmp_path / "got" / "model").read_bytes() == b"bytes"
    code, _, err = cli("download", "latest", "train", "modle")
    assert code == 1
    assert "It has: model. Did you mean 'model'?" in err


def test_cancel_waits_for_the_proof(cli, fake):
    fake.add_run("run-1", [("CancelRequested", STEPS), ("Canceled", STEPS)])
    assert cli("cancel", "latest")[1] == "run-1 is NotStarted.\n"
    assert cli("cancel", "latest", "--wait")[1] == "run-1 is Canceled.\n"


def test_resume_starts_another_run(cli, fake):
    fake.add_run("run-1", [("Failed", STEPS)])
    assert cli("resume", "latest")[1] == "Submitted run resumed\n"


@pytest.mark.parametrize(
    "command",
    [
        "validate",
        "plan",
        "submit",
        "resume",
        "cancel",
        "runs",
        "status",
        "logs",
        "explain",
        "metrics",
        "outputs",
        "download",
    ],
)
def test_every_command_has_json_and_an_example(cli, command):
    code, out, _ = cli(command, "--help")
    assert code == 0
    assert "--json" in out
    assert f"Example: pipeyard {command}" in out


def test_the_module_can_be_run():
    done = subprocess.run(
        [sys.executable, "-m", "pipeyard", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert "Usage: pipeyard" in done.stdout


def test_a_compute_s_word_is_shown_only_where_it_says_more_than_the_status():
    step: Any = step_document("run-1", 0, "train", status="Running")
    step["explanation"] = {"code": "new", "sentence": "It is new.", "differences": []}
    step["detail"] = "RUNNING"
    assert step_row(step)[-1] == "It is new."
    step["detail"] = "Preparing"
    assert step_row(step)[-1] == "Preparing"
