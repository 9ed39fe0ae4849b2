"""One job from start to end: claim the directory, fetch, run, upload, report.

`result.json` exists exactly when the job has ended; nothing but a hint to `callback_url` comes after it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .cache import Cache, Link
from .copying import Copier
from .documents import CANCEL_FILE, RESULT_FILE, SPEC_FILE, blot, claim, now, record_script, replace, without
from .errors import JobError, StopError, TransferError
from .http_client import HASTY, PATIENT, HttpClient, can_mend
from .live import LiveUploads, LogUpload, MetricsUpload
from .outputs import ARTIFACT_FOLDERS, Finder, upload_artifacts, upload_output
from .placement import NOTHING, Placement, rank_folder
from .processes import become_subreaper
from .script import Layout, display_name, prepare_command, start
from .signals import CANCELED, INTERRUPTED, Signals
from .spec import Spec, parse_spec, signatures
from .supervise import Ended, Script, end_everything, supervise

COMPLETED = "completed"
TRANSFER = "transfer"
FAILED = "failed"
LOST = "lost"
STARTED_BEFORE = 3

_AWAY_SECONDS = 3600.0
"""How long results wait for storage that does not answer: giving up would mean to run the script again."""
_GRACE_SECONDS = 5.0
_CALLBACK_SECONDS = 5.0
_MESSAGES = {CANCELED: "The job was canceled.", INTERRUPTED: "The job was interrupted by a stop of its compute."}


def run_job(root: Path, cache: Path | None = None, placement: Placement = NOTHING) -> int:
    """Run the job of a directory unless it was started before.

    Args:
        root: The job directory with `job.json` in it.
        cache: Folder of the machine's cache; None means the one beside the folder `jobs`, or one of the job's own.
        placement: What need not be fetched or uploaded here.

    Returns:
        0 if the job completed, 1 if it ended otherwise, 3 if it had been started before.
    """
    signals = Signals()
    if not claim(root):
        return STARTED_BEFORE
    if (root / CANCEL_FILE).exists():  # looked for after the claim: whoever cancels writes it before they look for us
        signals.stop = CANCELED
    become_subreaper()
    if cache is None:
        cache = root.parent.parent / "cache" if root.parent.name == "jobs" else root / "cache"
    secrets: tuple[str, ...] = ()
    callback_url = None
    client = HttpClient()
    try:
        spec = parse_spec((root / SPEC_FILE).read_bytes())
        secrets, callback_url = signatures(spec), spec.callback_url
        job = _Job(Layout(root), cache, spec, signals, client, placement)
        result = job.run()
        callback_url = job.spec.callback_url
    except JobError as error:
        result = {"outcome": FAILED, "message": str(error)}
    except Exception as error:  # noqa: BLE001 - a job must not end without a result
        print(blot(traceback.format_exc(), secrets), file=sys.stderr, flush=True)
        end_everything()
        result = {"outcome": FAILED, "message": f"The runner itself failed ({type(error).__name__})."}
    replace(root / RESULT_FILE, without({"schema_version": 1, "ended_at": now(), **result}, secrets))
    if callback_url is not None:
        with contextlib.suppress(TransferError):
            client.send("POST", callback_url, waits=(), timeout_seconds=_CALLBACK_SECONDS)
    client.close()
    return 0 if result["outcome"] == COMPLETED else 1


class _Job:
    """State of the one job of this process."""

    def __init__(
        self, layout: Layout, cache: Path, spec: Spec, signals: Signals, client: HttpClient, placement: Placement
    ) -> None:
        self.layout = layout
        self.placement = placement
        self.spec = spec
        self.signals = signals
        self.client = client
        self.cache = Cache(cache, client)
        self.links: list[Link] = []
        self.finder = Finder(layout, map(Path, placement.inputs.values()))
        again = placement.own_machine
        self.log = LogUpload(client, layout.log, spec.artifacts.url(spec.log_name), again=again)
        self.metrics = MetricsUpload(client, layout.metrics, spec.artifacts.url(spec.metrics_name))
        self.result: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        """The result; every foreseen failure ends here."""
        try:
            if self.spec.launch == TRANSFER:
                self._transfer()
            else:
                self._run_script()
        except StopError as stop:
            self._fail(stop.outcome, _MESSAGES[stop.outcome])
        except TransferError as error:
            self._fail(LOST if can_mend(error) else FAILED, str(error))
        except JobError as error:
            self._fail(FAILED, str(error))
        self._finish_streams()
        if self.log.cut:
            self.finder.warnings.append("The end of the log was left out: it has more pieces than storage takes.")
        if self.result["outcome"] != COMPLETED:
            self.result.pop("outputs", None)
            self.result.pop("listed_outputs", None)
        return {**self.result, "warnings": self.finder.warnings}

    def _run_script(self) -> None:
        with self.signals.breaking_off():
            self._fetch()
        outcome = self._judge(self._execute())
        self.result.update(outcome=outcome)
        if outcome not in _MESSAGES:
            with self.signals.breaking_off():
                self._insist(lambda: self._upload(outcome))

    def _transfer(self) -> None:
        """Copy the input to the output, which is all that such a job does."""
        begun, seconds = time.monotonic(), self.spec.timeout_seconds
        self.result["started_at"] = now()
        copier = Copier(self.layout, self.log)
        try:
            with self.signals.breaking_off():
                self._insist(lambda: copier.run(self.spec, None if seconds is None else begun + seconds))
        except JobError as error:
            copier.say(str(error))
            raise
        finally:
            self.result.update(ended_at=now(), wall_seconds=round(time.monotonic() - begun, 6))
        self.result.update(outcome=COMPLETED, outputs={self.spec.outputs[0].name: copier.files}, files=[])

    def _insist(self, transfer: Callable[[], object]) -> None:
        """Carry out a transfer of results, for as long as storage is away.

        A workspace that went down takes its storage with it, and may come back at other addresses: it writes them
        into `job.json` when it finds this job again.

        Raises:
            TransferError: Storage refused, or stayed away too long.
        """
        deadline = time.monotonic() + _AWAY_SECONDS
        while True:
            try:
                transfer()
            except TransferError as error:
                if not can_mend(error) or time.monotonic() > deadline:
                    raise
                self._take_new_addresses()
            else:
                return

    def _take_new_addresses(self) -> None:
        with contextlib.suppress(OSError, JobError):
            self.spec = parse_spec((self.layout.root / SPEC_FILE).read_bytes())
            self.log.url = self.spec.artifacts.url(self.spec.log_name)
            self.metrics.url = self.spec.artifacts.url(self.spec.metrics_name)

    def _fail(self, outcome: str, message: str) -> None:
        if self.result.get("outcome", COMPLETED) == COMPLETED:
            self.result.update(outcome=outcome, message=message)
        else:  # the first reason counts
            self.finder.warnings.append(message)

    def _fetch(self) -> None:
        for folder in (*ARTIFACT_FOLDERS, "../inputs", "../outputs", "../files"):
            (self.layout.work / folder).mkdir(parents=True, exist_ok=True)
        shown = ""
        try:
            for file in self.spec.code:
                shown = file.path
                destination = self.layout.work / file.path
                destination.parent.mkdir(parents=True, exist_ok=True)
                if self.placement.code is not None:
                    shutil.copyfile(self.placement.code / file.path, destination)
                else:
                    self.cache.copy(file, destination)
            for item in self.spec.inputs:
                if item.name in self.placement.inputs:
                    continue
                self.layout.input(item.name).mkdir(exist_ok=True)
                for file in item.files:
                    shown = f"{item.name}/{file.path}"
                    destination = self.layout.input(item.name) / file.path
                    destination.parent.mkdir(parents=True, exist_ok=True)
                    self.links += filter(None, [self.cache.link(file, destination)])
        except OSError as error:
            raise JobError(f"{shown} could not be put in its place: {error.strerror}.") from error

    def _execute(self) -> Ended:
        command = prepare_command(self.spec, self.layout, self.placement)
        if self.signals.stop is not None:
            raise StopError(self.signals.stop)
        begun, started_at = time.monotonic(), now()
        pid = start(command, self.layout)
        record_script(self.layout.root, pid)
        grace = float(os.environ.get("PIPEYARD_GRACE_SECONDS", str(_GRACE_SECONDS)))
        live = LiveUploads(self.log, self.metrics)
        script = Script(pid, begun)
        ended = supervise(script, self.signals, live, self.spec.timeout_seconds, grace)
        self.result.update(
            exit_code=ended.exit_code,
            started_at=started_at,
            ended_at=now(),
            wall_seconds=round(ended.wall_seconds, 6),
            cpu_seconds=round(ended.cpu_seconds, 6),
            peak_memory_bytes=ended.peak_memory_bytes,
        )
        return ended

    def _judge(self, ended: Ended) -> str:
        name = display_name(self.spec)
        changed = [link.path for link in self.links if self.cache.changed(link)]
        if not ended.clean:
            self.finder.warnings.append(f"Some processes that {name} started could not be ended.")
        if ended.stopped is not None:
            seconds = self.spec.timeout_seconds
            limit = f"{name} was ended: no end within {seconds:g} s." if seconds is not None else ""
            self.result["message"] = _MESSAGES.get(ended.stopped, limit)
            return ended.stopped
        if changed:
            shown = changed[0].relative_to(self.layout.root / "inputs")
            self.result["message"] = f"{name} changed the input file {shown}: inputs are read-only."
            return FAILED
        if ended.exit_code < 0:
            self.result["message"] = f"{name} was ended by signal {-ended.exit_code}."
            return FAILED
        if ended.exit_code:
            self.result["message"] = f"{name} ended with exit code {ended.exit_code}."
            return FAILED
        return COMPLETED

    def _upload(self, outcome: str) -> None:
        if outcome == COMPLETED:
            outputs = self.result.setdefault("outputs", {})
            stored = self.placement.outputs
            self.result["listed_outputs"] = [output.name for output in self.spec.outputs if output.name in stored]
            for output in self.spec.outputs:
                if output.name in stored:
                    continue
                outputs[output.name] = upload_output(
                    self.client, self.cache, self.finder, self.layout, output, alone=self.placement.ranks == 1
                )
        folder = rank_folder(self.placement.rank)
        self.result["files"] = upload_artifacts(self.client, self.finder, self.layout, self.spec.artifacts, folder)

    def _finish_streams(self) -> None:
        for stream in (self.log, self.metrics):
            try:
                try:
                    if self.result["outcome"] not in _MESSAGES:
                        with self.signals.breaking_off():
                            self._insist(lambda: stream.finish(PATIENT))  # noqa: B023 - called right here
                        continue
                except StopError as stop:
                    self._fail(stop.outcome, _MESSAGES[stop.outcome])
                stream.finish(HASTY)
            except (OSError, TransferError) as error:
                away = isinstance(error, TransferError) and can_mend(error)
                self._fail(LOST if away else FAILED, f"The log or the metrics could not be uploaded: {error}")
