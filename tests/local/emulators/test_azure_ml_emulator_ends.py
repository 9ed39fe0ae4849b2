"""Nothing of a job of the Azure ML emulator outlives its end, or the emulator's."""

import os
import signal

import psutil
import pytest

from tests.local.emulators.azure_ml_client import AzureMl
from tests.local.emulators.emulator_process import EmulatorProcess
from tests.waiting import until

# Prints the ids of a shell, of a child, and of a grandchild that has left both session and parent.
TREE = "(setsid sleep 300 & echo $! ) ; sleep 300 & echo $! ; echo $$; wait"


def tree(azure_ml, name) -> list[int]:
    """The processes of a job that runs `TREE`."""
    until(lambda: len(_said(azure_ml, name)) == 3)
    return [int(pid) for pid in _said(azure_ml, name)]


def _said(azure_ml, name) -> list[str]:
    files = azure_ml.details(name)["logFiles"]
    address = files.get("user_logs/std_log.txt")
    return azure_ml.follow(address).text.split() if address else []


def gone(pid) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_cancel_ends_the_whole_tree(azure_ml):
    azure_ml.submit("tree", TREE)
    pids = tree(azure_ml, "tree")
    reply = azure_ml.call("POST", "/jobs/tree/cancel")
    assert reply.status_code == 202
    assert "retry-after" in reply.headers
    until(lambda: azure_ml.follow(reply.headers["location"]).status_code == 200)
    assert azure_ml.status("tree") == "Canceled"
    assert [pid for pid in pids if not gone(pid)] == []
    assert azure_ml.call("POST", "/jobs/tree/cancel").status_code == 200
    assert azure_ml.call("POST", "/jobs/nobody/cancel").status_code == 404


def test_a_job_leaves_nothing_behind_at_its_own_end(azure_ml):
    azure_ml.submit("daemon", "(setsid sleep 300 & echo $! )")
    assert azure_ml.ended("daemon") == "Completed"
    assert gone(int(azure_ml.log("daemon")))


def test_logs_are_in_storage_while_the_job_runs(azure_ml):
    azure_ml.submit("talks", "echo begun; sleep 300")
    azure_ml.reached("talks", "Running")
    blob = azure_ml.blobs.get_blob_client("azureml", "ExperimentRun/dcid.talks/user_logs/std_log.txt")
    until(lambda: blob.exists() and blob.download_blob().readall() == b"begun\n")
    assert azure_ml.status("talks") == "Running"
    azure_ml.call("POST", "/jobs/talks/cancel")
    assert azure_ml.ended("talks") == "Canceled"


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_after_the_emulator_s_end_no_process_is_left_and_jobs_run_again(azurite, tmp_path, end):
    storage = azurite.account()
    emulator = EmulatorProcess("azure_ml", tmp_path / "azure_ml", storage)
    try:
        client = AzureMl(emulator, storage)
        client.submit("done", "echo done")
        client.ended("done")
        client.submit("again", f"test -e {tmp_path}/second && echo second try && exit; {TREE}")
        client.submit("ending", "sleep 300")
        client.reached("ending", "Running")
        pids = tree(client, "again")
        os.kill(emulator.process.pid, end)
        if end == signal.SIGTERM:
            assert emulator.process.wait(30) == 0
            assert [pid for pid in pids if not gone(pid)] == []
        emulator.kill()
        until(lambda: all(map(gone, pids)))
        (tmp_path / "second").touch()
        emulator.start()
        client.call("POST", "/jobs/ending/cancel")
        assert client.ended("again") == "Completed"
        assert client.log("again") == "second try\n"
        assert client.ended("ending") == "Canceled"
        assert client.status("done") == "Completed"
    finally:
        client.blobs.close()
        emulator.stop()
