"""The whole workspace as a user runs it: `python -m local` on a sample app."""

import concurrent.futures
import http.client
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import ContainerClient

from local.azurite import Ports
from tests.local.workspace_process import SAMPLE_APP, WorkspaceProcess, wait_gone


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkspaceProcess]:
    running = WorkspaceProcess(tmp_path_factory.mktemp("workspace"))
    try:
        yield running.ready()
    finally:
        running.stop()


def call(workspace, method, path, body=None, headers=None, timeout=30) -> tuple[int, Any, list[tuple[str, str]]]:
    connection = http.client.HTTPConnection(workspace.note["url"].removeprefix("http://"), timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read().decode()
        is_json = (answer.getheader("content-type") or "").startswith("application/json")
        return answer.status, json.loads(text) if is_json else text, answer.getheaders()
    finally:
        connection.close()


def test_says_what_it_is_before_it_says_ready(workspace):
    lines = workspace.output.splitlines()
    ready = next(index for index, line in enumerate(lines) if line == f"Pipeyard is ready at {workspace.note['url']}")
    assert "loopback only" in lines[ready - 1]
    assert "no sign-in" in lines[ready - 1]
    assert str(workspace.data) in lines[ready - 1]
    assert workspace.note["pid"] == workspace.process.pid


def test_new_and_changed_blobs_call_their_function_once_each(workspace):
    connection = Ports(*(workspace.note[f"{service}_port"] for service in ("blob", "queue", "table"))).connection_string
    with ContainerClient.from_connection_string(connection, "inbox") as inbox:
        inbox.create_container()
        for content, name, expected in ((b"1", "deep/a b.txt", 1), (b"2", "deep/a b.txt", 2), (b"1", "other", 3)):
            inbox.upload_blob(name, content, overwrite=True)
            deadline = time.monotonic() + 100
            while len(told(workspace)) < expected:
                assert time.monotonic() < deadline, "nobody told of the blob"
                time.sleep(0.02)
            assert told(workspace)[expected - 1 :] == [f"inbox/{name}"]


def told(workspace) -> list[str]:
    return re.findall(r"blob arrived: (.*)", workspace.output)


def test_functions_can_be_run_by_hand(workspace):
    before = len(told(workspace))
    status, _, _ = call(workspace, "POST", "/admin/functions/on_blob", b'{"input": "inbox/by/hand"}')
    assert status == 202
    assert told(workspace)[before:] == ["inbox/by/hand"]
    assert call(workspace, "POST", "/admin/functions/on_blob", b"[]")[0] == 400
    assert call(workspace, "POST", "/admin/functions/nobody")[0] == 404


def test_catch_all_route_sees_the_whole_request(workspace):
    status, seen, _ = call(
        workspace, "POST", "/a%20b/c?x=1&x=2&y=", b"12345", {"X-Thing": "t", "content-type": "text/plain"}
    )
    assert status == 200
    assert seen["path"] == "a b/c"
    assert seen["method"] == "POST"
    assert seen["url"].endswith("/a%20b/c?x=1&x=2&y=")
    assert seen["query"] == {"x": "1,2", "y": ""}
    assert seen["headers"]["x-thing"] == "t"
    assert seen["size"] == 5


def test_more_specific_routes_win_and_unknown_ones_are_404(workspace):
    assert call(workspace, "GET", "/items/7")[1] == {"item": "7"}
    assert call(workspace, "GET", "/items/seven")[1]["path"] == "items/seven"
    assert call(workspace, "GET", "/")[0] == 200
    assert call(workspace, "DELETE", "/items/7")[0] == 404


def test_an_exception_is_500_without_its_text(workspace):
    assert call(workspace, "GET", "/nothing")[0] == 500  # the Functions runtime refuses None from an HTTP function
    status, text, _ = call(workspace, "GET", "/boom")
    assert status == 500
    assert "secret" not in text
    assert "secret detail" in workspace.output


def test_repeated_cookies_and_other_headers_come_back(workspace):
    _, text, headers = call(workspace, "GET", "/cookies")
    assert text == "ok"
    assert [value for name, value in headers if name == "set-cookie"] == ["a=1; Path=/", "b=2; HttpOnly; Path=/"]
    assert ("x-one", "1") in headers


def test_requests_on_one_connection_do_not_wait_for_acknowledgements(workspace):
    connection = http.client.HTTPConnection(workspace.note["url"].removeprefix("http://"), timeout=10)
    quick = 0
    for _ in range(50):
        began = time.monotonic()
        connection.request("GET", "/health")
        connection.getresponse().read()
        quick += time.monotonic() - began < 0.03
    connection.close()
    assert quick > 10, "with Nagle's delay nearly each takes 40 ms"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "evil:80"])
def test_foreign_host_names_are_refused(workspace, host):
    assert call(workspace, "GET", "/health", headers={"Host": host})[0] in (400, 403)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:99", "[::1]:7071"])
def test_loopback_host_names_are_welcome(workspace, host):
    assert call(workspace, "GET", "/health", headers={"Host": host})[0] == 200


def test_pages_of_other_sites_are_refused(workspace):
    assert call(workspace, "POST", "/x", b"", {"Origin": "https://evil.example"})[0] == 403
    assert call(workspace, "POST", "/x", b"", {"Origin": "null"})[0] == 403
    assert call(workspace, "POST", "/x", b"", {"Origin": "http://localhost:5173"})[0] == 200


def test_body_over_the_limit_is_413(workspace):
    assert call(workspace, "POST", "/x", headers={"content-length": str(300 * 1024 * 1024 + 1)})[0] == 413
    assert call(workspace, "POST", "/x", b"x" * (5 * 1024 * 1024))[1]["size"] == 5 * 1024 * 1024


def test_only_loopback_listens(workspace):
    listening = Path("/proc/net/tcp").read_text().splitlines() + Path("/proc/net/tcp6").read_text().splitlines()
    inodes = {
        str(entry.readlink())[8:-1]
        for pid in (workspace.process.pid, workspace.note["azurite_pid"])
        for entry in Path(f"/proc/{pid}/fd").iterdir()
        if entry.is_symlink() and str(entry.readlink()).startswith("socket:[")
    }
    rows = [line.split() for line in listening]
    own = [row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes]
    assert len(own) == 8  # HTTP, hub, blob, queue, table, and three emulators to come
    assert set(own) <= {"0100007F", "0000000000000000FFFF00000100007F"}  # 127.0.0.1, and the same in IPv6 notation


def test_settings_point_at_azurite(workspace):
    seen = call(workspace, "GET", "/settings")[1]
    assert seen["PIPEYARD_STORAGE"] == seen["AzureWebJobsStorage"]
    assert f"BlobEndpoint=http://127.0.0.1:{workspace.note['blob_port']}/devstoreaccount1" in seen["PIPEYARD_STORAGE"]
    assert seen["PIPEYARD_BASE_URL"] == workspace.note["url"]
    assert seen["PIPEYARD_DATA_DIR"] == str(workspace.data)
    assert (seen["PIPEYARD_LOCAL_PROCESS"], seen["TASK_HUB_NAME"]) == ("1", "LocalHub")
    with TableServiceClient.from_connection_string(seen["PIPEYARD_STORAGE"]) as tables:
        tables.create_table_if_not_exists("probe")


def test_orchestrations_run_through_async_and_sync_clients(workspace):
    result = call(workspace, "POST", "/run/tree/t1", b"50")[1]
    assert (result["status"], result["output"]) == ("COMPLETED", sum(n * n for n in range(50)))
    assert call(workspace, "POST", "/sync/tree", b"3")[1]["output"] == 5


def test_activity_failures_carry_bare_class_name_and_message(workspace):
    assert call(workspace, "POST", "/run/broken/b1", b"0")[1]["output"] == ["LookupError", "a: b", True]
    missing = call(workspace, "POST", "/run/missing/m1", b"0")[1]
    assert missing["status"] == "FAILED"
    assert "no_such_activity" in missing["failure"][1]


def test_blocked_activities_do_not_hold_up_other_orchestrations(workspace):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(call, workspace, "POST", "/run/busy/slow", b"0.3")
        answered = 0
        while not waiting.done():
            assert call(workspace, "GET", "/health")[0] == 200
            answered += 1
        assert answered > 8, "it is answered while activities block every thread that they have"
        assert waiting.result(60)[1]["status"] == "COMPLETED"


def test_timer_runs_at_startup_and_never_twice_at_once(workspace):
    deadline = time.monotonic() + 100
    while len(ticks := call(workspace, "GET", "/ticks")[1]) < 4:
        assert time.monotonic() < deadline, "the timer does not run"
        time.sleep(0.05)
    kinds = [kind for kind, _ in ticks]
    assert kinds[:4] == ["in", "out", "in", "out"]
    assert all(first != second for first, second in itertools.pairwise(kinds))


def test_second_workspace_on_the_same_folder_is_refused(workspace):
    second = WorkspaceProcess(workspace.data.parent)
    assert second.process.wait(60) == 1
    message = second.output.splitlines()[-1]
    assert str(workspace.process.pid) in message
    assert "--data" in message
    assert workspace.note["pid"] == workspace.process.pid  # the first one's note is untouched


@pytest.mark.parametrize("option", ["--port", "--azurite-ports"])
def test_taken_ports_are_named(workspace, tmp_path, option):
    taken = int(workspace.note["url"].rpartition(":")[2]) if option == "--port" else workspace.note["table_port"]
    value = str(taken) if option == "--port" else f"0,0,{taken}"
    other = WorkspaceProcess(tmp_path, option, value)
    assert other.process.wait(60) == 1
    assert f"Port {taken}" in other.output
    assert option in other.output


def test_broken_app_is_reported_and_leaves_nothing_behind(tmp_path):
    broken = WorkspaceProcess(tmp_path, app="raise RuntimeError('cannot import this')")
    assert broken.process.wait(60) == 1
    assert "cannot import this" in broken.output
    assert not (broken.data / "workspace.json").exists()
    assert not (broken.data / "azurite.json").exists()


def test_app_without_health_route_is_ready(tmp_path):
    app = SAMPLE_APP.replace('route="health"', 'route="other"').replace('route="{*path}"', 'route="x/{*path}"')
    running = WorkspaceProcess(tmp_path, app=app)
    try:
        running.ready()
    finally:
        assert running.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_cleanly(tmp_path, number):
    running = WorkspaceProcess(tmp_path)
    try:
        running.ready()
        azurite = running.note["azurite_pid"]
        with pytest.raises((http.client.HTTPException, OSError)):
            call(running, "POST", "/run/busy/slow", b"30", timeout=1)  # 32 threads stay busy
        began = time.monotonic()
        os.killpg(running.process.pid, number)  # as a terminal does
        assert running.process.wait(60) == 0
        assert time.monotonic() - began < 25
        wait_gone(azurite)
        assert not (running.data / "workspace.json").exists()
        assert "Traceback" not in running.output
    finally:
        running.stop()


def test_signal_during_start_leaves_nothing_behind(tmp_path):
    running = WorkspaceProcess(tmp_path)
    try:
        while not (running.data / "azurite.json").exists() and running.process.poll() is None:
            time.sleep(0.02)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
        assert not (running.data / "azurite.json").exists()
    finally:
        running.stop()


def test_kill_9_of_everything_keeps_rows_and_the_folder_can_be_used_again(tmp_path):
    running = WorkspaceProcess(tmp_path)
    try:
        running.ready()
        azurite = running.note["azurite_pid"]
        connection = call(running, "GET", "/settings")[1]["PIPEYARD_STORAGE"]
        with TableServiceClient.from_connection_string(connection) as tables:
            tables.create_table_if_not_exists("runs").upsert_entity({"PartitionKey": "p", "RowKey": "r", "n": 7})
        time.sleep(1)
        running.process.kill()
        os.kill(azurite, signal.SIGKILL)
        running.process.wait(60)
        wait_gone(azurite)
        again = WorkspaceProcess(tmp_path)
        try:
            again.log.write_text("")
            (again.data / "workspace.json").unlink(missing_ok=True)
            again.ready()
            connection = call(again, "GET", "/settings")[1]["PIPEYARD_STORAGE"]
            with TableServiceClient.from_connection_string(connection) as tables:
                assert tables.get_table_client("runs").get_entity("p", "r")["n"] == 7
        finally:
            assert again.stop() == 0
    finally:
        running.stop()


def test_help_is_quick():
    before = os.times()
    subprocess.run([sys.executable, "-m", "local", "--help"], check=True, timeout=100, stdout=subprocess.DEVNULL)
    after = os.times()
    worked = after.children_user + after.children_system - before.children_user - before.children_system
    assert worked < 5, "of the processor's time: the machine may be busy"
