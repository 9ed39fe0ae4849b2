"""The runner on a node of a compute service: what the service hands it, then a job as anywhere else.

    python runner.pyz --job FILE [--input NAME=PATH]... [--output NAME=PATH]...

`FILE` holds the job and the addresses for the results, one for each process that shares the work. The working
directory has the files of the snapshot, and in `.pipeyard` this program and the packages that come with it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .blobs import put_bytes
from .documents import RESULT_FILE, SPEC_FILE, replace
from .errors import TransferError
from .http_client import PATIENT, HttpClient, can_mend
from .job import run_job
from .placement import Placement, rank_of, ranked
from .script import Layout

OWN_FOLDER = ".pipeyard"
PACKAGES = "pipeyard.zip"

_AWAY_SECONDS = 600.0
_CALLBACK_SECONDS = 5.0


def main(arguments: list[str] | None = None) -> int:
    """Run the job; 0 if it completed, 1 if it ended otherwise."""
    asked = _parser().parse_args(arguments)
    document = json.loads(Path(asked.job).read_bytes())
    here, rank = Path.cwd(), rank_of(os.environ)
    job, results = document["job"], document["results"]
    if rank >= len(results):
        print(f"This is process {rank}, and the job is for {len(results)}.", file=sys.stderr)
        return 1
    print(f"Pipeyard keeps the log of this job as {ranked(job['log_name'], rank)} of its step run.", flush=True)
    placement = Placement(
        code=here,
        inputs=dict(asked.input),
        outputs=dict(asked.output),
        packages=(str(here / OWN_FOLDER / PACKAGES),),
        own_machine=True,
        rank=rank,
        ranks=len(results),
    )
    if len(results) == 1:
        _clear_leftovers(job, placement.outputs)
    root = _folder(here)
    try:
        own = {name: ranked(job[name], rank) for name in ("log_name", "metrics_name")}
        # Whoever waits for the end is told when the result has arrived, which happens below.
        replace(root / SPEC_FILE, {**job, **own, "callback_url": None})
        code = run_job(root, None, placement)
        result = json.loads((root / RESULT_FILE).read_bytes())
        if rank:  # nobody would look for files of these names
            written = {"log_name": Layout(root).log, "metrics_name": Layout(root).metrics}
            kept = [own[name] for name, path in written.items() if path.exists() and path.stat().st_size]
            result["files"] = [*result.get("files", []), *kept]
        _report(json.dumps(result).encode(), results[rank], job["callback_url"] if rank == 0 else None)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="runner.pyz")
    parser.add_argument("--job", required=True)
    for name in ("--input", "--output"):
        parser.add_argument(name, type=_pair, action="append", default=[], metavar="NAME=PATH")
    return parser


def _pair(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH")
    return name, path


def _folder(here: Path) -> Path:
    """A folder of this process's own: beside the code, where there is room, or where temporary files go."""
    with contextlib.suppress(OSError):
        return Path(tempfile.mkdtemp(prefix=".pipeyard-job-", dir=here))
    return Path(tempfile.mkdtemp(prefix="pipeyard-job-"))


def _clear_leftovers(job: dict[str, Any], outputs: Mapping[str, str]) -> None:
    """Remove what this job has written already: a service starts it anew when its node is lost.

    Only from places that no other step run has; and not where processes share the work, since others may have begun.
    """
    for output in job["outputs"]:
        place, folder = output.get("place"), Path(outputs.get(output["name"], ""))
        if output["name"] not in outputs or not place or job["step_run_id"] not in place["path"] or not folder.is_dir():
            continue
        for left in list(folder.iterdir()):
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            else:
                left.unlink()


def _report(result: bytes, url: str, callback_url: str | None) -> None:
    """Deliver the result, for as long as storage is away: without it the job counts as lost.

    Raises:
        TransferError: Storage refused, or stayed away too long.
    """
    client = HttpClient()
    deadline = time.monotonic() + _AWAY_SECONDS
    while True:
        try:
            put_bytes(client, url, result, waits=PATIENT, content_type="application/json")
            break
        except TransferError as error:
            if not can_mend(error) or time.monotonic() > deadline:
                raise
    if callback_url is not None:
        with contextlib.suppress(TransferError):
            client.send("POST", callback_url, waits=(), timeout_seconds=_CALLBACK_SECONDS)
    client.close()
