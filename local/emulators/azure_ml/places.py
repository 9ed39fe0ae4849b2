"""Where a job's files lie: on this machine, and in storage."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from local.emulators.azure_ml.datastores import ARTIFACTS

_PRIVATE = 0o700


def artifact_uri(job: str, path: str = "") -> str:
    """A place below a job's artifacts in storage."""
    return f"azureml://datastores/{ARTIFACTS}/paths/ExperimentRun/dcid.{job}/{path}"


def default_output_uri(job: str, output: str) -> str:
    """Where an output goes for which the job names no place."""
    return f"azureml://datastores/workspaceblobstore/paths/azureml/{job}/{output}/"


@dataclass(frozen=True, slots=True)
class JobFolder:
    """A job's folder; all but the logs goes when the job has ended."""

    root: Path

    @property
    def logs(self) -> Path:
        """What is shown of it as log files, by the paths that these have among its artifacts."""
        return self.root / "logs"

    @property
    def work(self) -> Path:
        """Everything else."""
        return self.root / "work"

    @property
    def code(self) -> Path:
        """The code version's files, and the working directory."""
        return self.work / "code"

    @property
    def temporary(self) -> Path:
        """For the job's own temporary files."""
        return self.work / "tmp"

    def input(self, name: str) -> Path:
        """An input's files."""
        return self.work / "inputs" / name

    def output(self, name: str) -> Path:
        """An output's files."""
        return self.work / "outputs" / name

    def begin(self) -> None:
        """Start from nothing, whatever an earlier try has left."""
        self.clear()
        shutil.rmtree(self.logs, ignore_errors=True)
        for folder in (self.logs / "user_logs", self.code, self.temporary):
            folder.mkdir(mode=_PRIVATE, parents=True)

    def clear(self) -> None:
        """Remove all but the logs."""
        for folder in self.work.rglob("*"):
            if folder.is_dir() and not folder.is_symlink():
                folder.chmod(_PRIVATE)  # folders of mounted inputs are read-only
        shutil.rmtree(self.work, ignore_errors=True)
