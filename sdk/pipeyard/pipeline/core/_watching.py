"""What waiting prints: each change of status, and the logs of the steps in turn."""

import sys

from pipeyard import _wire
from pipeyard._client import Client
from pipeyard._follow import CANCELED, FAILED, STEP_ENDED, RunView

_RULE = "=" * 40


class Printer:
    """Prints what changed between two looks at a run."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._shown: dict[str, str] = {}
        self._offsets: dict[str, int] = {}
        self._streaming: str | None = None
        self._streamed: set[str] = set()

    def show(self, view: RunView) -> None:
        """Print what is new."""
        run = view.run
        for step in view.steps:
            self._change(step["name"], step["status"], f"StepRun( {step['name']} ) Status: {step['status']}")
        self._stream(view)
        for step in view.steps:
            # A step may fail without a log: before its job, or because nothing could take it.
            if step["status"] == FAILED and step.get("error"):
                self._change(f"{step['name']}/error", FAILED, f"StepRun( {step['name']} ) Error: {step['error']}")
        self._change("", run["status"], f"PipelineRun {run['run_id']} Status: {run['status']}")

    def _change(self, name: str, status: str, line: str) -> None:
        if self._shown.get(name) != status:
            self._shown[name] = status
            sys.stdout.write(line + "\n")

    def _stream(self, view: RunView) -> None:
        """Follow one step's log until it has ended, then the next one's; reused steps only if they failed."""
        steps = {step["name"]: step for step in view.steps}
        while True:
            if self._streaming is None:
                self._streaming = next((name for name, step in steps.items() if self._wants(step)), None)
            if self._streaming is None or self._streaming not in steps:
                return
            step = steps[self._streaming]
            show_log(self._client, step, self._offsets)
            if step["status"] not in STEP_ENDED:
                return
            self._streamed.add(step["name"])
            self._streaming = None

    def _wants(self, step: _wire.StepRunDocument) -> bool:
        started = step["status"] == "Running" or step["status"] in {"Finished", FAILED}
        return started and not step.get("reused") and step["name"] not in self._streamed


def show_log(client: Client, step: _wire.StepRunDocument, offsets: dict[str, int]) -> None:
    """Print what is new in a step's log."""
    name = step["name"]
    while (page := client.get_log(step["run_id"], name, offset=offsets.get(name, 0)))["text"]:
        if name not in offsets:
            sys.stdout.write(f"\nStreaming the log of {name}\n{_RULE}\n")
        offsets[name] = page["next_offset"]
        sys.stdout.write(page["text"])
    sys.stdout.flush()


def why(view: RunView) -> str:
    """Why a run did not end well."""
    failed = [f"{step['name']}: {step['error']}" for step in view.steps if step.get("error")]
    canceled = "somebody asked for its end" if view.run["status"] == CANCELED else "no reason was recorded"
    reason = view.run.get("error") or "; ".join(failed) or canceled
    return f"Run {view.run['run_id']} ended as {view.run['status']}: {reason}"
