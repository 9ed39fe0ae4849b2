"""The driver as a process, with real workers on real files, and its parts."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from pipeyard._core.parallel_run import ParallelRunSettings
from pipeyard.exceptions import UserErrorException
from pipeyard.jobs.parallel_run.batches import cut, find_sources
from pipeyard.jobs.parallel_run.budget import ErrorBudget
from pipeyard.jobs.parallel_run.driver import worker_count
from pipeyard.jobs.parallel_run.output import RowFile
from pipeyard.jobs.parallel_run.rows import rows_of

from tests.waiting import until

DELIMITED = {"format": {"kind": "delimited"}}


class Job:
    """A step's job without a workspace."""

    def __init__(self, folder: Path) -> None:
        self.work, self.data, self.output = folder / "work", folder / "data", folder / "output"
        for place in (self.work, self.data):
            place.mkdir()
        self.settings = {"entry_script": "entry.py", "inputs": ["data"], "output": "rows", "process_count_per_node": 2}
        self.variables = {
            "AZUREML_DATAREFERENCE_data": str(self.data),
            "AZUREML_DATAREFERENCE_rows": str(self.output),
            "PIPEYARD_METRICS_FILE": str(folder / "metrics.jsonl"),
            "AZUREML_RUN_ID": "run",
            "PIPEYARD_URL": "http://127.0.0.1:9",
        }

    def files(self, count: int) -> "Job":
        for number in range(count):
            (self.data / f"{number:02d}.txt").write_text(f"text {number}")
        return self

    def table(self, rows: int, **view) -> "Job":
        lines = [f"{number},{'ab'[number % 2]}" for number in range(rows)]
        (self.data / "table.csv").write_text("x,kind\n" + "\n".join(lines) + "\n")
        self.variables["PIPEYARD_DATASET_data"] = json.dumps({"name": "data", "view": {**DELIMITED, **view}})
        return self

    def start(self, entry: str, *arguments: str, **settings) -> subprocess.Popen[str]:
        (self.work / "entry.py").write_text(entry)
        self.variables["PIPEYARD_STEP_SETTINGS"] = json.dumps({**self.settings, **settings})
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "pipeyard.jobs.parallel_run", *arguments],
            cwd=self.work,
            env={"PATH": os.environ["PATH"], **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, entry: str, *arguments: str, code: int = 0, **settings) -> str:
        """Run to the end; returns the log."""
        process = self.start(entry, *arguments, **settings)
        log = process.communicate(timeout=60)[0]
        assert process.returncode == code, log
        return log

    @property
    def rows(self) -> list[str]:
        return (self.output / "parallel_run_step.txt").read_text().splitlines()

    def batches(self, **settings):
        chosen = ParallelRunSettings.model_validate({**self.settings, **settings})
        return cut(find_sources(chosen.inputs, self.variables), chosen, self.data.parent)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


NAMES = "import os\n\ndef run(mini_batch):\n    return [os.path.basename(path) for path in mini_batch]\n"


def test_rows_come_in_the_order_of_the_mini_batches(job: Job):
    entry = "import time, os\n\ndef run(batch, context):\n    time.sleep(0.2 if context.minibatch_index == 0 else 0)\n"
    entry += "    return [os.path.basename(path) for path in batch]\n"
    job.files(7).run(entry, mini_batch_size="2")
    assert job.rows == [f"{number:02d}.txt" for number in range(7)]


def test_a_worker_that_dies_hangs_or_raises_costs_a_try_and_no_rows(job: Job):
    entry = """
import os, time

def run(batch, context):
    if context.attempt == 1:
        if context.minibatch_index == 0:
            os._exit(9)
        if context.minibatch_index == 1:
            time.sleep(60)
        if context.minibatch_index == 2:
            raise ValueError("first try")
    return [context.minibatch_index]
"""
    log = job.files(4).run(entry, mini_batch_size="1", run_invocation_timeout=1, error_threshold=0)
    assert job.rows == ["0", "1", "2", "3"]
    assert "mini-batch 0 failed (try 1 of 3): The worker died (exit code 9)." in log
    assert "mini-batch 1 failed (try 1 of 3): run() took longer than 1 seconds and was ended." in log
    assert "ValueError: first try" in log


def test_init_runs_once_per_worker_with_the_arguments_and_the_helper(job: Job):
    entry = """
import argparse
from pipeyard.parallel_run import EntryScript

def init():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model")
    helper = EntryScript()
    helper.logger.debug("not shown")
    helper.logger.info("model %s", parser.parse_known_args()[0].model)
    open(helper.temp_dir + "/x", "w").close()
    open(helper.output_dir + "/extra.txt", "a").write("i")
    assert helper.working_dir and helper.input_dir

def run(batch):
    return batch
"""
    log = job.files(6).run(entry, "--model", "m7", mini_batch_size="1", process_count_per_node=1)
    assert (job.output / "extra.txt").read_text() == "i"
    assert log.count("model m7") == 1
    assert "not shown" not in log


def test_summary_only_writes_no_rows(job: Job):
    log = job.files(3).run(NAMES, output=None, output_action="summary_only")
    assert not job.output.exists()
    assert "end: processed 1/1 mini-batches, 3 items, 0 items failed, 0 mini-batches failed" in log


def test_items_without_a_result_have_failed(job: Job):
    entry = "def run(batch):\n    return batch[:1]\n"
    assert "2 items failed" in job.files(3).run(entry, error_threshold=2)
    log = job.run(entry, error_threshold=1, code=1)
    assert "2 items failed, more than the error_threshold of 1." in log


def test_a_result_that_is_none_fails_without_another_try(job: Job):
    log = job.files(1).run("def run(batch):\n    pass\n", error_threshold=0, code=1)
    assert "run() returned None. It must return a list or a pandas DataFrame" in log
    assert "try 2" not in log


def test_an_entry_script_that_cannot_be_used(job: Job):
    job.files(1)
    assert "ZeroDivisionError" in job.run("def init():\n    1 / 0\n\ndef run(batch):\n    return batch\n", code=1)
    assert "has no function run()" in job.run("x = 1\n", code=1)
    dying = "import os\n\ndef init():\n    os._exit(1)\n\ndef run(batch):\n    return batch\n"
    assert "3 workers in a row died before their init() had returned." in job.run(dying, code=1)


def test_rows_of_a_table_by_size(job: Job):
    entry = "def run(frame):\n    frame['twice'] = frame.x * 2\n    return frame\n"
    job.table(100).run(entry, mini_batch_size="1KB")
    assert job.rows[:2] == ["0 a 0", "1 b 2"]
    assert len(job.rows) == 100
    assert [batch.items for batch in job.batches(mini_batch_size="100")] == [20, 20, 20, 20, 20]


def test_rows_of_a_table_by_partition(job: Job):
    entry = "def run(frame, context):\n    return [f\"{context.partition_key_value['kind']} {list(frame.x)}\"]\n"
    log = job.table(6).run(entry, partition_keys=["kind"], error_threshold=0)
    assert job.rows == ["a [0, 2, 4]", "b [1, 3, 5]"]
    assert "2 items, 0 items failed" in log


def test_files_by_partition(job: Job):
    for place in ("b/x", "a/y", "a/x"):
        (job.data / place).mkdir(parents=True)
        (job.data / place / "f.csv").touch()
    view = {"view": {"partition_format": "{user}/{kind}/f.csv"}, "name": "data"}
    job.variables["PIPEYARD_DATASET_data"] = json.dumps(view)
    batches = job.batches(partition_keys=["user"])
    assert [(batch.partition, len(batch.files)) for batch in batches] == [({"user": "a"}, 2), ({"user": "b"}, 1)]
    with pytest.raises(UserErrorException, match="has no columns genre to partition by"):
        job.batches(partition_keys=["genre"])


def test_inputs_follow_each_other_and_are_of_one_kind(job: Job, tmp_path: Path):
    job.files(3)
    (tmp_path / "second.txt").touch()
    job.variables["AZUREML_DATAREFERENCE_more"] = str(tmp_path / "second.txt")
    batches = job.batches(inputs=["data", "more"], mini_batch_size="2")
    assert [(batch.index, batch.input_name, len(batch.files)) for batch in batches] == [
        (0, "data", 2),
        (1, "data", 1),
        (2, "more", 1),
    ]
    job.table(1)
    with pytest.raises(UserErrorException, match="All inputs must be of one kind"):
        job.batches(inputs=["data", "more"])


def test_what_cannot_be_cut(job: Job):
    job.files(2)
    with pytest.raises(UserErrorException, match="must be a number of files"):
        job.batches(mini_batch_size="1MB")
    with pytest.raises(UserErrorException, match="has no partition_format"):
        job.batches(partition_keys=["k"])


def test_no_worker_outlives_a_driver_that_is_told_to_end(job: Job):
    entry = "import time\n\ndef run(batch):\n    open('started', 'a').close()\n    time.sleep(60)\n"
    process = job.files(4).start(entry, mini_batch_size="1")
    until((job.work / "started").exists, "a mini-batch")
    workers = psutil.Process(process.pid).children(recursive=True)
    assert workers
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143
    psutil.wait_procs(workers, timeout=60)
    assert not [worker for worker in workers if worker.is_running()]


def test_no_worker_outlives_a_driver_that_is_killed(job: Job):
    entry = "import time\n\ndef run(batch):\n    open('started', 'a').close()\n    time.sleep(60)\n"
    process = job.files(2).start(entry, mini_batch_size="1")
    until((job.work / "started").exists, "a mini-batch")
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate(timeout=60)
    gone, alive = psutil.wait_procs(workers, timeout=60)
    assert gone
    assert not [worker for worker in alive if worker.status() != psutil.STATUS_ZOMBIE]


def budget(total: int = 10, **settings) -> ErrorBudget:
    chosen = {"entry_script": "a", "inputs": ("b",), **settings}
    return ErrorBudget(settings=ParallelRunSettings.model_validate(chosen), total=total)


def test_budgets():
    items = budget(error_threshold=3)
    items.count(5, 2, failed=False)
    assert items.overdrawn() == ""
    items.count(5, 4, failed=False)
    assert items.overdrawn() == "4 items failed, more than the error_threshold of 3."
    unlimited = budget()
    unlimited.count(5, 0, failed=True)
    assert unlimited.overdrawn() == ""
    none = budget(allowed_failed_count=0)
    none.count(1, 0, failed=True)
    assert "more than allowed_failed_count, 0" in none.overdrawn()
    share = budget(allowed_failed_percent=10)
    share.count(1, 0, failed=True)
    assert share.overdrawn() == ""
    share.count(1, 0, failed=True)
    assert "2 of 10 mini-batches failed" in share.overdrawn()
    more_than_asked = budget(error_threshold=0)
    more_than_asked.count(1, 5, failed=False)
    assert more_than_asked.overdrawn() == ""


def test_results_become_lines():
    pd = pytest.importorskip("pandas")
    assert rows_of(["a", 1, {"b": 2}]) == (3, "a\n1\n{'b': 2}\n")
    assert rows_of([]) == (0, "")
    assert rows_of(pd.DataFrame({"x": [1, 2], "y": ["a b", "c"]})) == (2, '1 "a b"\n2 c\n')
    assert rows_of(pd.Series([1.5, 2.5])) == (2, "1.5\n2.5\n")
    assert rows_of(pd.Series([1, 2]).to_numpy()) == (2, "1\n2\n")
    for wrong in (None, "text", 3):
        with pytest.raises(UserErrorException, match=r"run\(\) returned"):
            rows_of(wrong)


def test_a_file_of_rows_exists_even_without_rows(tmp_path: Path):
    RowFile(tmp_path / "parts").write(tmp_path / "out" / "rows.txt")
    assert (tmp_path / "out" / "rows.txt").read_bytes() == b""


def test_no_more_workers_than_mini_batches():
    settings = ParallelRunSettings(entry_script="a", inputs=("b",), process_count_per_node=8)
    assert worker_count(settings, 3) == 3
    assert worker_count(settings, 0) == 1
    assert worker_count(settings.model_copy(update={"process_count_per_node": None}), 1000) == os.cpu_count()
