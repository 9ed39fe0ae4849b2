"""One large file to the local workspace's storage and back, and what the client process needs for it.

The floor is the same file sent through a socket to a process that writes it to the disk, and read back the same way:
what is left is storage's work and ours. The client is a process of its own, so that its memory is its own.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from local.demo_workspace import running_workspace

SIZE = 2 << 30
_CHUNK = 1 << 20

CLIENT = """
import json, resource, sys, time
from pipeyard.core import Workspace
url, source, target = sys.argv[1:]
store = Workspace(url).get_default_datastore()
begun = time.perf_counter()
store.upload_files([source], target_path="bench", overwrite=True, show_progress=False)
sent = time.perf_counter()
assert store.download(target, prefix="bench", show_progress=False) == 1
ended = time.perf_counter()
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print(json.dumps({"up": sent - begun, "down": ended - sent, "peak": peak}))
"""


def run() -> dict[str, Any]:
    """Measure; progress goes to stderr."""
    size = int(os.environ.get("PIPEYARD_BENCH_BYTES", SIZE))
    with tempfile.TemporaryDirectory(prefix="pipeyard-bench-") as name:
        folder = Path(name)
        source = folder / "source"
        write_random(source, size)
        floor = _floor_seconds(source, folder / "copy")
        with running_workspace(folder / "data") as url:
            command = [sys.executable, "-c", CLIENT, url, str(source), str(folder / "down")]
            answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=1800)
            measured = json.loads(answer.stdout)
        if not _same(source, folder / "down" / "bench" / source.name):
            raise RuntimeError("the file came back with other bytes")
        floor_after = _floor_seconds(source, folder / "copy")
    floor = (floor + floor_after) / 2
    result = {
        "bytes": size,
        "floor_s": round(floor, 2),
        "upload_s": round(measured["up"], 2),
        "upload_ratio": round(measured["up"] / floor, 2),
        "download_s": round(measured["down"], 2),
        "download_ratio": round(measured["down"] / floor, 2),
        "client_peak_mb": round(measured["peak"] / 1e6, 1),
    }
    for key, value in result.items():
        print(f"{key:28} {value}", file=sys.stderr)
    return result


def write_random(path: Path, size: int) -> None:
    """Bytes that no layer can guess or compress."""
    with path.open("wb") as out:
        for start in range(0, size, _CHUNK):
            out.write(os.urandom(min(_CHUNK, size - start)))


def _floor_seconds(source: Path, target: Path) -> float:
    """One way through a socket onto the disk."""
    listener = socket.create_server(("127.0.0.1", 0))
    receiver = os.fork()
    if receiver == 0:
        _receive(listener, target)
        os._exit(0)
    listener_port = listener.getsockname()[1]
    listener.close()
    begun = time.perf_counter()
    with socket.create_connection(("127.0.0.1", listener_port)) as connection, source.open("rb") as stream:
        while data := stream.read(_CHUNK):
            connection.sendall(data)
    os.waitpid(receiver, 0)
    seconds = time.perf_counter() - begun
    target.unlink()
    return seconds


def _receive(listener: socket.socket, target: Path) -> None:
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as stream, target.open("wb") as out:
        shutil.copyfileobj(stream, out, _CHUNK)


def _same(one: Path, other: Path) -> bool:
    with one.open("rb") as first, other.open("rb") as second:
        while True:
            left, right = first.read(_CHUNK), second.read(_CHUNK)
            if left != right or not left:
                return left == right
