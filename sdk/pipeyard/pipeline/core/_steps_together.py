"""What a pipeline run has of its steps: their logs and files, each under its step's name."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard.core._step_reading import StepReading

if TYPE_CHECKING:
    from pipeyard.pipeline.core.step_run import StepRun


class StepsTogether(StepReading):
    """Reads of every step what `StepReading` reads of one."""

    def get_steps(self) -> "Iterator[StepRun]":
        """The run's steps."""
        raise NotImplementedError

    def get_detailed_status(self) -> dict[str, Any]:
        """The state, and why the run did not end well."""
        run = self._client.get_run(self.id)
        return {"status": run["status"], "details": run.get("error") or ""}

    def get_details_with_logs(self) -> dict[str, Any]:
        """The details with the log of each step."""
        return {**self.get_details(), "logFiles": {step.name: step.get_job_log() for step in self.get_steps()}}

    def get_job_log(self) -> str:
        """What the scripts of all steps have written until now, step after step."""
        return "".join(f"==== {step.name} ====\n{step.get_job_log()}" for step in self.get_steps())

    def get_all_logs(self, destination: str | Path | None = None) -> list[str]:
        """Write the log of each step below a directory of its name; returns the files."""
        root = Path(destination or ".")
        return [file for step in self.get_steps() for file in step.get_all_logs(root / step.name)]

    def get_file_names(self) -> list[str]:
        """Files belong to steps: `<step>/<file>` of each."""
        return [f"{step.name}/{file}" for step in self.get_steps() for file in step.get_file_names()]

    def get_snapshot_id(self) -> str | None:
        """The source directory of the steps; None where they have several, or none."""
        found = {step.get_snapshot_id() for step in self.get_steps()}
        return found.pop() if len(found) == 1 else None

    def _file_url(self, name: str) -> str:
        step, _, path = name.partition("/")
        return self._more.run_file_url(self.id, step, path)
