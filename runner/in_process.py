"""Runs a script inside the process that a cluster has started, because the cluster's Spark session lives there.

The snapshot and the job's document lie on the cluster's workspace; they were put there for this. The script gets a
copy of the snapshot to work in, the environment that scripts expect, and its log and metrics travel while it runs.
What it raises, or its exit code, is passed on: the cluster says how its run ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from .blobs import put_bytes
from .documents import now, without
from .errors import JobError
from .http_client import HASTY, PATIENT, HttpClient
from .live import LiveUploads, LogUpload, MetricsUpload
from .outputs import ARTIFACT_FOLDERS, Finder, upload_artifacts
from .script import Layout
from .spec import Target, check_relative

_REFERENCE = "AZUREML_DATAREFERENCE_"
_RUN_TOKEN = "AZUREML_RUN_TOKEN"  # noqa: S105 - the name of a variable
_COMPLETE = ".pipeyard-complete"
"""Marks a snapshot whose upload was not cut off."""
_CALLBACK_SECONDS = 5.0
_TICK_SECONDS = 0.25


def run(folder: str, snapshot: str, job: str, script: str, arguments: list[str], shown: dict[str, Any]) -> None:
    """Run a script of the snapshot as the main program of this process.

    Args:
        folder: The launcher's own, two levels below the home of all that was put here.
        snapshot: The snapshot's folder below that home.
        job: Name of the job.
        script: Path below the snapshot.
        arguments: The script's.
        shown: What the script sees without importing it.

    Raises:
        BaseException: Whatever the script raises.
        SystemExit: Its exit code, unless that is 0.
    """
    home = Path(folder).parent.parent
    document = json.loads((home / "jobs" / check_relative(job) / "job.json").read_text(encoding="utf-8"))
    root = Path(tempfile.mkdtemp(prefix="pipeyard-"))
    layout = Layout(root)
    try:
        shutil.copytree(home / snapshot, layout.work, ignore=shutil.ignore_patterns(_COMPLETE))
        for name in (*ARTIFACT_FOLDERS, "../files"):
            (layout.work / name).mkdir(parents=True, exist_ok=True)
        _Job(layout, document).run(layout.work / check_relative(script), arguments, shown)
    finally:
        shutil.rmtree(root, ignore_errors=True)


class _Job:
    """The one job of this process."""

    def __init__(self, layout: Layout, document: dict[str, Any]) -> None:
        self._layout = layout
        self._document = document
        artifacts = document["artifacts"]
        self._artifacts = Target(artifacts["base_url"].rstrip("/"), artifacts["query"].lstrip("?"), artifacts["type"])
        self._client = HttpClient()
        self._log = LogUpload(self._client, layout.log, self._artifacts.url(document["log_name"]))
        self._metrics = MetricsUpload(self._client, layout.metrics, self._artifacts.url(document["metrics_name"]))
        self._result: dict[str, Any] = {"schema_version": 1, "started_at": now()}
        self._finder = Finder(layout)

    def run(self, script: Path, arguments: list[str], shown: dict[str, Any]) -> None:
        """Run the script, then bring everything home, then let its end be this process's."""
        begun, busy = time.monotonic(), time.process_time()
        failure: BaseException | None = None
        with _telling(self._layout.log), self._uploading():
            try:
                self._execute(script, arguments, shown)
            except BaseException as error:  # noqa: BLE001 - passed on below
                failure = _failure_of(error)
                if failure is not None and not isinstance(failure, SystemExit):
                    _print_trace(failure)
        self._result.update(
            ended_at=now(),
            wall_seconds=round(time.monotonic() - begun, 6),
            cpu_seconds=round(time.process_time() - busy, 6),
            **_end(script.name, failure),
        )
        try:
            self._bring_home()
        except Exception:
            if failure is None:  # a result that nobody could fetch is none
                raise
            traceback.print_exc()
        self._call_back()
        if failure is not None:
            raise failure

    def _execute(self, script: Path, arguments: list[str], shown: dict[str, Any]) -> None:
        if not script.is_file():
            raise JobError(f"The script {script.name} is not in the step's source directory.")
        os.environ.update(self._environment(arguments))
        sys.path[:0] = [str(script.parent), str(self._layout.work)]
        sys.argv = [str(script), *arguments]
        os.chdir(self._layout.work)
        try:
            runpy.run_path(str(script), init_globals=shown, run_name="__main__")
        finally:
            os.chdir(tempfile.gettempdir())

    def _environment(self, arguments: list[str]) -> dict[str, str]:
        references = {name: _value_of(f"-{name}", arguments) for name in self._document["ports"]}
        variables = {f"${_REFERENCE}{name}": place for name, place in references.items()}
        given = self._document["environment"].items()
        return {
            "AZUREML_OUTPUT_DIRECTORY": "./outputs",
            "AZUREML_LOGDIRECTORY_PATH": "./logs",
            **{name: variables.get(value, value) for name, value in given},
            **{f"{_REFERENCE}{name}": place for name, place in references.items()},
            "PIPEYARD_METRICS_FILE": str(self._layout.metrics),
            "PIPEYARD_FILES_FOLDER": str(self._layout.named_files),
        }

    @contextlib.contextmanager
    def _uploading(self) -> Iterator[None]:
        """Log and metrics travel from a thread of their own: the script has the main one, as it would anywhere."""
        over = threading.Event()
        live = LiveUploads(self._log, self._metrics)

        def watch() -> None:
            while not over.wait(_TICK_SECONDS):
                live.tick(over.is_set)

        thread = threading.Thread(target=watch, name="pipeyard-log", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _bring_home(self) -> None:
        for stream in (self._log, self._metrics):
            stream.finish(PATIENT)
        self._result["files"] = upload_artifacts(self._client, self._finder, self._layout, self._artifacts)
        if self._log.cut:
            self._finder.warnings.append("The end of the log was left out: it has more pieces than storage takes.")
        self._result["warnings"] = self._finder.warnings
        clean = without(self._result, self._secrets())
        put_bytes(self._client, self._document["result_url"], json.dumps(clean).encode(), waits=PATIENT)

    def _call_back(self) -> None:
        url = self._document["callback_url"]
        if url is not None:
            with contextlib.suppress(JobError, OSError):  # the next look finds out as well
                self._client.send("POST", url, waits=HASTY[:1], timeout_seconds=_CALLBACK_SECONDS)
        self._client.close()

    def _secrets(self) -> tuple[str, ...]:
        urls = (self._document["result_url"], self._document["callback_url"] or "")
        found = {url.partition("?")[2] for url in urls} | {self._artifacts.query}
        return tuple((found | {self._document["environment"].get(_RUN_TOKEN, "")}) - {""})


class _Tee:
    """A stream that also writes to the log."""

    def __init__(self, stream: TextIO, log: Any, lock: threading.Lock) -> None:
        self._stream = stream
        self._log = log
        self._lock = lock

    def write(self, text: str) -> int:
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._log.write(text.encode("utf-8", "replace"))
        self._stream.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def _telling(log: Path) -> Iterator[None]:
    """What is printed goes to the cluster's own streams and to the log."""
    before, lock = (sys.stdout, sys.stderr), threading.Lock()
    with log.open("ab", buffering=0) as stream:
        sys.stdout, sys.stderr = _Tee(before[0], stream, lock), _Tee(before[1], stream, lock)
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before


def _failure_of(error: BaseException) -> BaseException | None:
    """What the cluster must hear of; an exit with 0 is none, and some clusters would take it for one."""
    return None if isinstance(error, SystemExit) and error.code in (None, 0) else error


def _end(script: str, failure: BaseException | None) -> dict[str, Any]:
    if failure is None:
        return {"outcome": "completed", "exit_code": 0, "message": ""}
    if isinstance(failure, SystemExit):
        code = failure.code if isinstance(failure.code, int) else 1
        words = f": {failure.code}" if isinstance(failure.code, str) else ""
        return {"outcome": "failed", "exit_code": code, "message": f"{script} ended with exit code {code}{words}."}
    if isinstance(failure, JobError):
        return {"outcome": "failed", "message": str(failure)}
    words = "".join(traceback.format_exception_only(type(failure), failure)).strip()
    return {"outcome": "failed", "exit_code": 1, "message": f"{script} failed: {words[:2000]}"}


def _print_trace(failure: BaseException) -> None:
    """The traceback from the script on: what is above it is not the reader's business."""
    trace = failure.__traceback__
    own = (os.path.dirname(os.path.abspath(__file__)), "<frozen runpy>", runpy.__file__)  # noqa: PTH100, PTH120
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(own):
        trace = trace.tb_next
    traceback.print_exception(type(failure), failure, trace or failure.__traceback__, file=sys.stderr)


def _value_of(option: str, arguments: list[str]) -> str:
    """The word behind the last such option: places come after the script's own parameters."""
    last = len(arguments) - 1 - arguments[::-1].index(option)
    return arguments[last + 1]
