"""`job.json` as plain tuples. Everything that becomes a path is checked here, before anything touches the disk."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple
from urllib.parse import quote

from .errors import SpecError

_NAME = re.compile(r"\w[\w.-]*\Z")
_DIGEST = re.compile(r"(?:sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}|etag:.+)\Z", re.DOTALL)
_RUN_TOKEN = "AZUREML_RUN_TOKEN"  # noqa: S105 - the name of a variable
_TARGET_TYPES = frozenset({"blob", "file_share", "local_folder"})
_LAUNCHES = frozenset({"script", "module", "executable", "transfer"})


class FileSpec(NamedTuple):
    """A file to fetch; `path` is relative to its folder, "" for a single file. `etag` is its version, where known."""

    path: str
    url: str
    digest: str
    size: int
    etag: str | None = None


class InputSpec(NamedTuple):
    """An input; `file_name` is set where the script gets the path of that one file."""

    name: str
    files: tuple[FileSpec, ...]
    file_name: str | None


class Target(NamedTuple):
    """A place for uploads; `type` says how files get there."""

    base_url: str
    query: str
    type: str = "blob"

    def url(self, relative: str) -> str:
        """Signed URL of a file below the place; "" is the place itself."""
        path = f"{self.base_url}/{quote(relative, safe='/~')}" if relative else self.base_url
        return f"{path}?{self.query}" if self.query else path


class Present(NamedTuple):
    """A file that lies at an output's place already."""

    path: str
    url: str
    size: int
    md5: str | None
    etag: str


class OutputSpec(NamedTuple):
    """An output and where it goes; `present` and `read_query` are for transfers."""

    name: str
    target: Target
    present: tuple[Present, ...] = ()
    read_query: str = ""


class Argument(NamedTuple):
    """One word of the command line."""

    value: str | None
    input: str | None
    output: str | None


class Spec(NamedTuple):
    """What the runner needs of `job.json`."""

    name: str
    interpreter: str | None
    code: tuple[FileSpec, ...]
    command: tuple[Argument, ...]
    launch: str
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputSpec, ...]
    environment: dict[str, str]
    artifacts: Target
    log_name: str
    metrics_name: str
    callback_url: str | None
    timeout_seconds: float | None


def check_relative(path: str) -> str:
    """The path itself, if it stays below whatever folder it is put into.

    Raises:
        SpecError: It would leave the folder, or is no file name at all.
    """
    if not path or "\0" in path or any(part in {"", ".", ".."} for part in path.split("/")):
        raise SpecError(f"The path {path!r} does not stay below its folder.")
    return path


def parse_spec(text: str | bytes) -> Spec:
    """Read `job.json`.

    Raises:
        SpecError: Not a job of schema version 1, or one with a path that leaves its folder.
    """
    try:
        document = json.loads(text)
        if document["schema_version"] != 1:
            raise SpecError(f"This runner reads jobs of schema version 1, not {document['schema_version']!r}.")
        return _spec(document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # The text of the error could quote the document, which carries signatures.
        raise SpecError(f"The job's description cannot be read ({type(error).__name__}).") from None


def signatures(spec: Spec) -> tuple[str, ...]:
    """Texts that must appear neither in results nor in logs."""
    urls = [file.url for file in spec.code]
    urls += [file.url for item in spec.inputs for file in item.files]
    urls += [spec.callback_url or ""]
    found = {url.partition("?")[2] for url in urls} | {spec.artifacts.query}
    found |= {text for output in spec.outputs for text in (output.target.query, output.read_query)}
    found |= {file.url.partition("?")[2] for output in spec.outputs for file in output.present}
    found.add(spec.environment.get(_RUN_TOKEN, ""))
    return tuple(sorted(found - {""}, key=len, reverse=True))


def _spec(document: dict[str, Any]) -> Spec:
    inputs = tuple(_input(item) for item in document["inputs"])
    outputs = tuple(_output(item) for item in document["outputs"])
    known = ({item.name for item in inputs}, {item.name for item in outputs})
    command = tuple(_argument(item, *known) for item in document["command"])
    if not command:
        raise SpecError("The job has no command.")
    timeout = document["timeout_seconds"]
    return Spec(
        name=_name(document["name"]),
        interpreter=document["interpreter"],
        code=tuple(_file(item, check_relative(item["path"])) for item in document["code"]),
        command=command,
        launch=_launch(document["launch"]),
        inputs=inputs,
        outputs=outputs,
        environment={str(key): str(value) for key, value in document["environment"].items()},
        artifacts=_target(document["artifacts"]),
        log_name=check_relative(document["log_name"]),
        metrics_name=check_relative(document["metrics_name"]),
        callback_url=document["callback_url"],
        timeout_seconds=None if timeout is None else float(timeout),
    )


def _name(name: str) -> str:
    if not _NAME.match(name):
        raise SpecError(f"{name!r} is no name that can become a folder.")
    return name


def _launch(launch: str) -> str:
    if launch not in _LAUNCHES:
        raise SpecError(f"{launch!r} is no way to start a command.")
    return launch


def _file(item: dict[str, Any], path: str) -> FileSpec:
    digest = str(item["digest"])
    if not _DIGEST.match(digest):
        raise SpecError(f"The digest of {path!r} is neither sha256, md5 nor etag.")
    return FileSpec(path, str(item["url"]), digest, int(item["size"]), item.get("etag"))


def _input(item: dict[str, Any]) -> InputSpec:
    name, file_name = _name(item["name"]), item["file_name"]
    if file_name is not None and "/" in check_relative(file_name):
        raise SpecError(f"The file name {file_name!r} of the input {name} is a path.")
    files = tuple(_file(file, check_relative(file["path"] or file_name or "")) for file in item["files"])
    return InputSpec(name, files, file_name)


def _output(item: dict[str, Any]) -> OutputSpec:
    present = tuple(
        Present(file["path"], str(file["url"]), int(file["size"]), file["md5"], str(file["etag"]))
        for file in item.get("present", ())
    )
    return OutputSpec(_name(item["name"]), _target(item["target"]), present, str(item.get("read_query", "")))


def _target(item: dict[str, Any]) -> Target:
    if item["type"] not in _TARGET_TYPES:
        raise SpecError(f"{item['type']!r} is no kind of place that files can be written to.")
    return Target(str(item["base_url"]).rstrip("/"), str(item["query"]).lstrip("?"), item["type"])


def _argument(item: dict[str, Any], inputs: set[str], outputs: set[str]) -> Argument:
    argument = Argument(item["value"], item["input"], item["output"])
    if sum(part is not None for part in argument) != 1:
        raise SpecError("A word of the command line must be exactly one of value, input and output.")
    if argument.input is not None and argument.input not in inputs:
        raise SpecError(f"The command line names the input {argument.input!r}, which the job does not have.")
    if argument.output is not None and argument.output not in outputs:
        raise SpecError(f"The command line names the output {argument.output!r}, which the job does not have.")
    return argument
