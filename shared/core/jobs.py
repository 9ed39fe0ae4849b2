"""What a compute backend is asked to run, and what it reports back.

`JobSpec` is also the file `job.json` that travels to the compute, and `JobResult` the file `result.json` that the
runner leaves behind. The runner uses the standard library only, so it reads and writes these shapes as plain JSON;
`tests/unit/runner` holds the two sides together.
"""

from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from .definition import EnvironmentDefinition, StepResources
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


class BlobPlace(Document):
    """A place on a blob container, for compute that reads or writes there with a right of its own.

    Attributes:
        container_url: Without a signature.
        path: Relative POSIX path of a folder, or of one file; "" is the whole container.
    """

    container_url: str
    path: str


class JobInput(Document):
    """An input to fetch before the script starts.

    Attributes:
        file_name: Set where the input is one single file: the script gets the path of that file.
        mode: How the step wants to meet it where the compute leaves a choice; `direct` means by its address.
        place: Where it lies as a whole; None where its files come from several places or are a selection.
    """

    name: str
    files: tuple[JobFile, ...]
    file_name: str | None = None
    mode: Literal["mount", "download", "direct"] = "download"
    place: BlobPlace | None = None


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
        mode: `upload` after the script, or `mount` where the compute can: the script then writes to the place itself.
        place: Where it goes, for compute that writes there with a right of its own; None where that is no blob.
        present: What lies there already; only told to a `transfer`, which leaves alone what need not be copied.
        read_query: Signature with which a `transfer` looks at what it has written.
    """

    name: str
    target: UploadTarget
    mode: Literal["upload", "mount"] = "upload"
    place: BlobPlace | None = None
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
        step_name: The step's name in its pipeline.
        step_type: The step's type.
        experiment: Experiment of the run.
        compute_target: Name of the target that the step asked for.
        settings: The step's settings with parameters bound, for compute that carries out a whole type of step.
        software: What the script needs around it, for compute that makes environments.
        resources: How many nodes and processes share the work.
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
    step_name: str = ""
    step_type: str = ""
    experiment: str = ""
    compute_target: str
    settings: dict[str, Any] = {}
    software: EnvironmentDefinition = EnvironmentDefinition()
    resources: StepResources = StepResources()
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
        sha256: Hex digest of the content; None where nobody here has read it.
        md5: Hex digest of the content where `sha256` is None and storage keeps one.
        version: What names the content where there is neither: place, name and ETag, since files may share an ETag.
        size: Bytes.
        etag: The storage service's version of the blob right after the upload.
    """

    path: str
    sha256: str | None = None
    md5: str | None = None
    version: str | None = None
    size: int
    etag: str

    @model_validator(mode="after")
    def _names_content(self) -> Self:
        if self.sha256 is None and self.md5 is None and self.version is None:
            raise ValueError("has no digest")
        return self

    @property
    def digest(self) -> str:
        """Digest of the content with its algorithm; the version stands in where nobody knows one."""
        if self.sha256 is not None:
            return f"sha256:{self.sha256}"
        return f"md5:{self.md5}" if self.md5 is not None else f"etag:{self.version}"


class JobResult(Document):
    """What is known of a job that has ended.

    Attributes:
        exit_code: Of the script; negative is the signal that ended it; None where it never started.
        message: Why it did not complete, "" where it did.
        wall_seconds: From the script's start to its end.
        cpu_seconds: User and system time of the script and the children that it waited for.
        peak_memory_bytes: Largest resident set of a process of the script.
        outputs: Files by output name; an output that was not written has no files.
        listed_outputs: Outputs of whose files the compute cannot tell: the workspace looks at their places itself.
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
    listed_outputs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class JobState(Document):
    """Answer to a poll: still under way (`result` is None) or ended."""

    result: JobResult | None = None
    detail: str = Field(default="", description="The backend's own word for the state, for people.")
