"""The Azurite child process: start, stop, durability, and the ways it can fail to start."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite, AzuriteError, Ports, with_free_ports
from tests.local.workspace_process import REPOSITORY, wait_gone

PACKAGE = REPOSITORY / "node_modules" / "azurite"
ANY = Ports(0, 0, 0)


def put(ports: Ports, row: str) -> None:
    with TableServiceClient.from_connection_string(ports.connection_string) as tables:
        tables.create_table_if_not_exists("rows").upsert_entity({"PartitionKey": "p", "RowKey": row})


def rows(ports: Ports) -> list[str]:
    with TableServiceClient.from_connection_string(ports.connection_string) as tables:
        return [row["RowKey"] for row in tables.get_table_client("rows").list_entities()]


def with_azurite(folder: Path, work) -> None:
    async def whole() -> None:
        ports = with_free_ports(ANY)
        azurite = Azurite(folder, ports, PACKAGE)
        try:
            azurite.start()
            await azurite.ready()
            await asyncio.to_thread(work, azurite, ports)
        finally:
            await azurite.stop()

    asyncio.run(asyncio.wait_for(whole(), 60))


def test_rows_and_blobs_survive_a_regular_stop(tmp_path):
    def write(_, ports):
        put(ports, "a")
        with BlobServiceClient.from_connection_string(ports.connection_string) as blobs:
            blobs.create_container("box").upload_blob("b.txt", b"content")

    def read(_, ports):
        assert rows(ports) == ["a"]
        with BlobServiceClient.from_connection_string(ports.connection_string) as blobs:
            assert blobs.get_blob_client("box", "b.txt").download_blob().readall() == b"content"

    with_azurite(tmp_path, write)
    assert not (tmp_path / "azurite.json").exists()
    with_azurite(tmp_path, read)


def test_rows_and_blobs_survive_kill_9_after_a_second(tmp_path):
    def write(azurite, ports):
        put(ports, "a")
        with BlobServiceClient.from_connection_string(ports.connection_string) as blobs:
            blobs.create_container("box").upload_blob("b.txt", b"content")
        time.sleep(1)
        os.kill(azurite.pid, signal.SIGKILL)

    def read(_, ports):
        assert rows(ports) == ["a"]
        with BlobServiceClient.from_connection_string(ports.connection_string) as blobs:
            assert blobs.get_blob_client("box", "b.txt").download_blob().readall() == b"content"

    with_azurite(tmp_path, write)
    with_azurite(tmp_path, read)


def test_steady_writing_is_saved_too(tmp_path):
    def write(azurite, ports):
        began = time.monotonic()
        number = 0
        while time.monotonic() - began < 3:
            put(ports, f"{number:05d}")
            number += 1
        (tmp_path / "count").write_text(str(number))
        time.sleep(1)
        os.kill(azurite.pid, signal.SIGKILL)

    with_azurite(tmp_path, write)
    with_azurite(tmp_path, lambda _, ports: rows(ports))
    with_azurite(tmp_path, lambda _, ports: check(len(rows(ports)), int((tmp_path / "count").read_text())))


def check(seen: object, expected: object) -> None:
    assert seen == expected


def test_azurite_writes_its_state_and_ends_when_its_parent_is_killed(tmp_path):
    program = textwrap.dedent(
        f"""
        import asyncio, json, time
        from pathlib import Path
        from local.azurite import Azurite, Ports, with_free_ports

        ports = with_free_ports(Ports(0, 0, 0))
        azurite = Azurite(Path({str(tmp_path)!r}), ports, Path({str(PACKAGE)!r}))
        azurite.start()
        asyncio.run(azurite.ready())
        print(json.dumps([azurite.pid, ports.blob, ports.queue, ports.table]), flush=True)
        time.sleep(60)
        """
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=REPOSITORY, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    assert parent.stdout is not None
    with parent, parent.stdout:
        try:
            pid, *numbers = json.loads(parent.stdout.readline())
            put(Ports(*numbers), "last moment")
        finally:
            parent.kill()
    # No wait here: the next one waits for the old one, which is still writing.
    with_azurite(tmp_path, lambda _, ports: check(rows(ports), ["last moment"]))
    assert not psutil.pid_exists(pid) or wait_gone(pid) >= 0


def test_a_predecessor_that_hangs_is_ended_by_its_id(tmp_path, monkeypatch):
    monkeypatch.setattr("local.azurite._PREDECESSOR_LIMIT", 0.3)
    stuck = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with stuck:
        try:
            started = psutil.Process(stuck.pid).create_time()
            record = tmp_path / "azurite.json"
            record.write_text(json.dumps({"pid": stuck.pid, "started": started - 100}))
            with_azurite(tmp_path, lambda *_: None)
            assert stuck.poll() is None  # another process that got the same id: left alone
            record.write_text(json.dumps({"pid": stuck.pid, "started": started}))
            with_azurite(tmp_path, lambda *_: None)
            assert stuck.poll() is not None
        finally:
            stuck.kill()


@pytest.mark.parametrize("place", range(3))
def test_taken_port_is_named_with_the_option(tmp_path, place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        numbers = list(with_free_ports(ANY).numbers)
        numbers[place] = port = taken.getsockname()[1]
        with pytest.raises(AzuriteError, match=rf"Port {port}.*--azurite-ports"):
            Azurite(tmp_path, Ports(*numbers), PACKAGE).start()


def test_missing_package_says_how_to_install(tmp_path):
    with pytest.raises(AzuriteError, match="npm ci"):
        Azurite(tmp_path, with_free_ports(ANY), tmp_path).start()


def test_early_end_shows_the_output(tmp_path):
    (tmp_path / "azurite").write_text("a file where the folder should be")

    async def start() -> None:
        azurite = Azurite(tmp_path, with_free_ports(ANY), PACKAGE)
        try:
            azurite.start()
            await azurite.ready()
        finally:
            await azurite.stop()

    with pytest.raises((AzuriteError, FileExistsError)):
        asyncio.run(asyncio.wait_for(start(), 40))
