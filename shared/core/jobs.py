"""What a compute backend is asked to run, and what it reports back.

`JobSpec` is also the file `job.json` that travels to the compute, and `JobResult` the file `result.json` that the
runner leaves behind. The runner uses the standard library only, so it reads and writes these shapes as plain JSON;
`tests/unit/runner` holds the two sides together.
"""

from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from .document import Document

Launch = Literal["script", "module", "executable", "transfer"]
"""What the first word of a command line is: a script of the snapshot, a module of an installed package, a program.

A `transfer` starts nothing: the runner copies an input to an output, which are the first two words, from place to
place. After them come the kinds of both ends, each `file`, `directory` or `any`.
"""

UploadKind = Literal["blob", "file_share", "local_folder"]
"""How files get to a place: as blobs by plain PUTs, as files of a share, or as files of this machine (`file://`)."""


class JobFile(Document):
    """A file to place below a folder on the compute.

    Attributes:
        path: Relative POSIX path below the folder; "" where the input is one single file.
        url: Where to get it with a plain GET (carries a signature: keep it out of logs).
        digest: `<algorithm>:<value>`; `sha256:` and `md5:` are checked after the download, `etag:` only names it.
        size: Bytes.
        etag: The version that has this digest, where that is known besides a digest that storage does not keep.
    """

    path: str
    url: str
    digest: str
    size: int
    etag: str | None = None


class JobInput(Document):
    """An input to fetch before the script starts.

    Attributes:
        file_name: Set where the input is one single file: the script gets the path of that file.
    """

    name: str
    files: tuple[JobFile, ...]
    file_name: str | None = None


class UploadTarget(Document):
    """Where files may be written: `<base_url>/<relative path>?<query>`, the way that `type` says."""

    type: UploadKind = "blob"
    base_url: str
    query: str


class PresentFile(Document):
    """A file that lies at an output's place already.

    Attributes:
        path: Relative POSIX path below the output; "" where it is the place itself.
        url: Where to get it with a plain GET (carries a signature).
        md5: Hex digest of the content; None where storage has none.
        etag: Its version.
    """

    path: str
    url: str
    size: int
    md5: str | None = None
    etag: str


class JobOutput(Document):
    """An output to upload after the script ended well.

    Attributes:
        present: What lies there already; only told to a `transfer`, which leaves alone what need not be copied.
        read_query: Signature with which a `transfer` looks at what it has written.
    """

    name: str
    target: UploadTarget
    present: tuple[PresentFile, ...] = ()
    read_query: str = ""


class JobArgument(Document):
    """One word of the command line: exactly one of the three is set. An `input`/`output` becomes its local path."""

    value: str | None = None
    input: str | None = None
    output: str | None = None


class JobSpec(Document):
    """One try of one step, complete: everything that the compute needs to know.

    Attributes:
        name: Unique and derived from run, step and try: submitting it again must not start it again.
        run_id: Pipeline run.
        step_run_id: Step run.
        compute_target: Name of the target that the step asked for.
        interpreter: Python to start the script with; None means the compute's own.
        code: Files of the snapshot, placed in the working directory.
        command: The command line; its first word is a script below the working directory, started with the
            interpreter, unless `launch` says that it is a module for the interpreter or an executable.
        environment: Variables for the script, besides those that name the paths of inputs and outputs.
        artifacts: Where the log, the metrics and the files below `outputs/` and `logs/` go.
        log_name: Relative name of the log below `artifacts`.
        metrics_name: Relative name of the metrics below `artifacts`.
        callback_url: Gets an empty POST when the job has ended: a hint that wakes the orchestration, nothing more.
        timeout_seconds: Longest time for the script; None means no limit.
    """

    schema_version: Literal[1] = 1
    name: str
    run_id: str
    step_run_id: str
    compute_target: str
    interpreter: str | None = None
    code: tuple[JobFile, ...] = ()
    command: tuple[JobArgument, ...]
    launch: Launch = "script"
    inputs: tuple[JobInput, ...] = ()
    outputs: tuple[JobOutput, ...] = ()
    environment: dict[str, str] = {}
    artifacts: UploadTarget
    log_name: str
    metrics_name: str
    callback_url: str | None = None
    timeout_seconds: float | None = None


class JobOutcome(StrEnum):
    """How a job ended. `interrupted` and `lost` are the compute's fault and do not use up the step's retries."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    LOST = "lost"


class OutputFile(Document):
    """A file that was uploaded for an output.

    Attributes:
        path: Relative POSIX path below the output; "" where the output is one single file.
        sha256: Hex digest of the content; None where nobody here has read it, because storage copied it itself.
        md5: Hex digest of the content where `sha256` is None.
        size: Bytes.
        etag: The storage service's version of the blob right after the upload.
    """

    path: str
    sha256: str | None = None
    md5: str | None = None
    size: int
    etag: str

    @model_validator(mode="after")
    def _has_digest(self) -> Self:
        if self.sha256 is None and self.md5 is None:
            raise ValueError("has no digest")
        return self

    @property
    def digest(self) -> str:
        """Digest of the content, with its algorithm."""
        return f"sha256:{self.sha256}" if self.sha256 is not None else f"md5:{self.md5}"


class JobResult(Document):
    """What is known of a job that has ended.

    Attributes:
        exit_code: Of the script; negative is the signal that ended it; None where it never started.
        message: Why it did not complete, "" where it did.
        wall_seconds: From the script's start to its end.
        cpu_seconds: User and system time of the script and the children that it waited for.
        peak_memory_bytes: Largest resident set of a process of the script.
        outputs: Files by output name; an output that was not written has no files.
        files: Names of other uploaded files (below `outputs/` and `logs/`), relative to `artifacts`.
        warnings: Sentences for the user.
    """

    schema_version: Literal[1] = 1
    outcome: JobOutcome
    exit_code: int | None = None
    message: str = ""
    started_at: str | None = None
    ended_at: str | None = None
    wall_seconds: float | None = None
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    outputs: dict[str, tuple[OutputFile, ...]] = {}
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class JobState(Document):
    """Answer to a poll: still under way (`result` is None) or ended."""

    result: JobResult | None = None
    detail: str = Field(default="", description="The backend's own word for the state, for people.")
