"""What the commands share: the client, the console, where results and errors go, how a run is named."""

import contextlib
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import httpx
import typer
from rich.console import Console
from rich.markup import escape

from pipeyard._client import Client
from pipeyard._config import find_workspace
from pipeyard._definition_file import LocalPipeline, load_pipeline
from pipeyard._snapshots import upload_snapshot
from pipeyard.cli.render import print_lines, print_table
from pipeyard.exceptions import PipeyardException, UserErrorException

LATEST = "latest"
NEWEST_PAGE = 200
RUN_ID_LENGTH = 36
SHOWN_RUNS = 5
DEFINITION_POINTER = "/definition"


class Session:
    """One invocation of the command line.

    Attributes:
        as_json: Results and errors are JSON on stdout; everything else goes to stderr.
        console: For people, on stdout.
        notes: For people, on stderr: progress, warnings, errors.
    """

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport
        self.as_json = False
        self.console = Console(highlight=False)
        self.notes = Console(stderr=True, highlight=False)

    @cached_property
    def client(self) -> Client:
        """The workspace, found as `pipeyard._config` says."""
        return Client(find_workspace(), transport=self._transport)

    def close(self) -> None:
        """Close the connection if there is one."""
        if "client" in self.__dict__:
            self.client.close()

    def result(self, document: Any, show: Callable[[], None]) -> None:
        """Print a result: the document for machines, or whatever `show` prints for people."""
        if self.as_json:
            self.print_json(document)
        else:
            show()

    def print_json(self, document: Any) -> None:
        """Print one JSON document to stdout."""
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def say(self, text: str) -> None:
        """Print a line of the result as it is."""
        print_lines(self.console, [text])

    def note(self, text: str, style: str = "") -> None:
        """Tell people something that is not the result."""
        self.notes.print(escape(text), style=style or None, soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print rows under a heading."""
        print_table(self.console, columns, rows)

    def find_run(self, reference: str) -> str:
        """The run id behind `latest`, a unique beginning of an id, or a whole id.

        Raises:
            UserErrorException: It fits no run, or several.
        """
        if len(reference) >= RUN_ID_LENGTH:
            return reference
        newest = [run["run_id"] for run in self.client.list_runs(page_size=NEWEST_PAGE)["value"]]
        if reference == LATEST:
            if not newest:
                raise UserErrorException("There is no run yet. Submit one with: pipeyard submit pipeline.json")
            return newest[0]
        fitting = [run_id for run_id in newest if run_id.startswith(reference)]
        if not fitting:
            raise UserErrorException(f"None of the newest {len(newest)} runs has an id that begins with {reference!r}.")
        if len(fitting) > 1 and reference not in fitting:
            raise UserErrorException(
                f"{reference!r} begins {len(fitting)} run ids: {', '.join(fitting[:SHOWN_RUNS])}. Add letters."
            )
        return reference if reference in fitting else fitting[0]

    def load(self, file: Path) -> LocalPipeline:
        """Read a definition file, tell its warnings, and upload its snapshots."""
        pipeline = load_pipeline(file)
        for warning in pipeline.warnings:
            self.note(f"warning: {warning}", "yellow")
        for snapshot in pipeline.snapshots:
            upload_snapshot(self.client, snapshot)
        return pipeline

    def fail(self, error: PipeyardException) -> NoReturn:
        """Report an error, every fault on a line of its own, and end with exit code 1."""
        if self.as_json:
            faults = [
                {"pointer": fault.pointer, "message": fault.message, "suggestion": fault.suggestion}
                for fault in error.faults
            ]
            self.print_json({"error": {"code": error.code, "message": error.summary, "faults": faults}})
        self.note(f"error: {error.message}", "red")
        raise SystemExit(1)


def session_of(context: typer.Context, as_json: bool) -> Session:
    """The session of this invocation, told how to print."""
    session: Session = context.obj
    session.as_json = as_json
    return session


@contextlib.contextmanager
def faults_of(file: Path) -> Iterator[None]:
    """Faults inside point into the definition file, whatever request the definition was wrapped in."""
    try:
        yield
    except UserErrorException as error:
        if not error.faults:
            raise
        faults = [
            dataclasses.replace(fault, pointer=fault.pointer.removeprefix(DEFINITION_POINTER)) for fault in error.faults
        ]
        raise UserErrorException(f"{file} was refused:", code=error.code, status=error.status, faults=faults) from error
