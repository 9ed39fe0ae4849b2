"""Scripts in tests: compiled as they are in jobs, and run by the database that runs them there."""

# ruff: noqa: E501 - scripts read better in one line

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeyard._core.usql.compiler import compile_script as compile_for_sdk
from pipeyard.jobs.usql.session import Session

from shared.core.usql.compiler import compile_script
from shared.core.usql.problems import CompileFailed


def faults(script: str, values: Mapping[str, str] | None = None) -> list[str]:
    """What is wrong with a script, each as `line,column: message`."""
    try:
        compile_script(script, values or {})
    except CompileFailed as error:
        return [f"{each.position.line},{each.position.column}: {each.message}" for each in error.problems]
    return []


def run(script: str, **values: str) -> None:
    """Compile and run."""
    plan = compile_for_sdk(script, values)
    with TemporaryDirectory() as folder, Session(Path(folder)) as session:
        for step in plan.steps:
            session.run(step)


def rows_of(script: str, folder: Path, order: str = "") -> list[str]:
    """Lines of the rowset `@q`, without quotes and delimited by `|`."""
    target = folder / "q.txt"
    run(
        f'{script}\nOUTPUT @q TO "{target}" {order} USING Outputters.Text(delimiter: \'|\', quoting: false, nullEscape: "~");'
    )
    return target.read_text(encoding="utf-8").replace("\r\n", "\n").splitlines()


def results(folder: Path, *expressions: str, source: str | None = None) -> list[str]:
    """Values of expressions, as texts."""
    items = ", ".join(f"{each} AS x{number}" for number, each in enumerate(expressions))
    source = source or "(VALUES (1)) AS t(one)"
    [line] = rows_of(f"@q = SELECT {items} FROM {source};", folder)
    return line.split("|")
