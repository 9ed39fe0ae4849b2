"""How the service says no, and what it says about a job that failed."""

from http import HTTPStatus
from typing import Any

from shared.core.usql.problems import Problem


class Refused(Exception):
    """A call that is not carried out."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(status, code, message)


def error_body(status: int, code: str, message: str) -> dict[str, Any]:
    """The body of an answer that says no."""
    del status
    return {"error": {"code": code, "message": message}}


def compile_errors(script: str, problems: list[Problem]) -> list[dict[str, Any]]:
    """An entry for each thing that is wrong with a script."""
    lines = script.split("\n")
    entries = []
    for problem in problems:
        line, column = problem.position.line, problem.position.column
        offset = min(sum(len(text) + 1 for text in lines[: line - 1]) + column - 1, len(script))
        entry = entry_of("E_CSC_USER_SYNTAXERROR", "USER", problem.message)
        place = {"lineNumber": line, "startOffset": offset, "endOffset": offset}
        entries.append({**entry, **place, "details": f"at line {line}, column {column}"})
    return entries


def entry_of(error_id: str, source: str, message: str, *, severity: str = "Error") -> dict[str, Any]:
    """An entry of `errorMessage`."""
    return {
        "errorId": error_id,
        "severity": severity,
        "source": source,
        "message": message,
        "description": "",
        "details": "",
        "resolution": "",
        "helpLink": "",
        "internalDiagnostics": "",
        "filePath": "",
    }


def canceled_entry() -> dict[str, Any]:
    """What a canceled job has among its errors, although it is none."""
    entry = entry_of("I_USER_CJS_CANCELEDBYUSER", "USER", "Job was cancelled.", severity="Info")
    return {**entry, "description": "Job was cancelled by the user."}


def node_lost_entry() -> dict[str, Any]:
    """What a job has that lost its node for good."""
    return entry_of("E_RUNTIME_SYSTEM_NODELOST", "SYSTEM", "A node of the cluster was lost while the job ran on it.")
