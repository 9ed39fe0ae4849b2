"""The switches for faults, which all emulators share; shown on the one of Azure ML."""

import os
import subprocess
import sys
import time

import httpx
import pytest

from tests.local.emulators.azure_ml_client import WORKSPACE
from tests.local.emulators.emulator_process import REPOSITORY

STORAGE = "AccountName=one;AccountKey=two;BlobEndpoint=http://127.0.0.1:1/one"


def test_every_so_many_calls_are_throttled(azure_ml, faulty):
    faulty.faults(throttle_every=3, retry_after_seconds=7)
    replies = [azure_ml.call("GET", "/computes/cpu") for _ in range(6)]
    assert [reply.status_code for reply in replies] == [200, 200, 429, 200, 200, 429]
    assert replies[2].headers["retry-after"] == "7"
    assert replies[2].json()["error"]["code"] == "TooManyRequests"


def test_every_so_many_calls_fail(azure_ml, faulty):
    faulty.faults(error_every=2)
    replies = [azure_ml.call("GET", "/computes/cpu") for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 503, 200, 503]
    assert replies[1].json()["error"]["code"] == "ServiceUnavailable"


def test_a_lost_reply_is_of_work_that_was_done(azure_ml, faulty):
    faulty.faults(lose_replies=[{"method": "PUT", "path_contains": "/jobs/", "count": 1}])
    with pytest.raises(httpx.RemoteProtocolError):
        azure_ml.submit("unheard", "echo once", tags={"try": "1"})
    assert azure_ml.ended("unheard") == "Completed"
    azure_ml.submit("unheard", "echo once", tags={"try": "2"})
    assert azure_ml.log("unheard") == "once\n"


def test_answers_can_be_slow(azure_ml, faulty):
    faulty.faults(latency_seconds=0.3)
    began = time.monotonic()
    azure_ml.get("/computes/cpu")
    assert time.monotonic() - began >= 0.3


def test_jobs_can_be_held_in_the_queue(azure_ml, faulty):
    faulty.faults(queue_seconds=60)
    azure_ml.submit("held", "true")
    azure_ml.reached("held", "Queued")
    azure_ml.call("POST", "/jobs/held/cancel")
    assert azure_ml.ended("held") == "Canceled"


def test_a_node_can_be_lost(azure_ml, faulty):
    faulty.faults(failing_nodes=1)
    azure_ml.submit("unlucky", "sleep 60")
    assert azure_ml.ended("unlucky") == "Failed"
    assert azure_ml.error("unlucky")[:2] == ("ServiceError", "NodeFailure")
    azure_ml.submit("lucky", "true")
    assert azure_ml.ended("lucky") == "Completed"


def test_calls_are_listed(azure_ml, faulty):
    faulty.http.delete("/_emulator/requests")
    azure_ml.get("/computes/cpu")
    azure_ml.call("GET", "/jobs/nobody")
    assert faulty.calls() == [
        {"method": "GET", "path": f"{WORKSPACE}/computes/cpu", "status": 200},
        {"method": "GET", "path": f"{WORKSPACE}/jobs/nobody", "status": 404},
    ]


def test_switches_that_do_not_exist_are_refused(faulty):
    reply = faulty.http.put("/_emulator/faults", json={"latency": 1})
    assert reply.status_code == 400
    assert "latency" in reply.json()["detail"]
    assert faulty.http.get("/_emulator/faults").json()["latency_seconds"] == 0


def test_switches_that_do_not_exist_end_the_start(tmp_path):
    command = [sys.executable, "-m", "local.emulators", "azure_ml", "--port", "0", "--data", str(tmp_path / "azure_ml")]
    environment = {**os.environ, "PIPEYARD_STORAGE": STORAGE, "PIPEYARD_EMULATOR_FAULTS": '{"latency": 1}'}
    done = subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert "PIPEYARD_EMULATOR_FAULTS cannot be read" in done.stderr
    assert "latency" in done.stderr


def test_other_host_names_are_not_answered(faulty):
    assert faulty.http.get("/_emulator/faults", headers={"Host": "example.org:80"}).status_code == 421
