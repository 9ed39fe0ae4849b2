"""Reads v1 scripts and notebooks and says per line what maps, what differs and what is missing."""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeyard._migration.usage import Use, uses_of
from pipeyard.exceptions import UserErrorException

NOT_READ = frozenset({"__pycache__", "node_modules", "site-packages"})
SUFFIXES = frozenset({".py", ".ipynb"})
_WRITES_FILE = "%%writefile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A use of one of v1's names.

    Attributes:
        file: Where it is.
        cell: Position of the notebook's cell, from 1; None in a script.
    """

    file: Path
    cell: int | None
    use: Use

    @property
    def place(self) -> str:
        """File, cell and line, for people."""
        cell = "" if self.cell is None else f" cell {self.cell}"
        return f"{self.file}{cell}:{self.use.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a check found.

    Attributes:
        files: The files that were read.
        unreadable: Sentences about files or cells that are not Python.
    """

    files: list[Path]
    findings: list[Finding]
    unreadable: list[str]


def check(*paths: Path) -> Report:
    """Check scripts, notebooks, and every one below folders.

    Raises:
        UserErrorException: One of them does not exist, or has nothing to read.
    """
    files = list(dict.fromkeys(file for path in paths for file in _files_of(path)))
    report = Report(files=files, findings=[], unreadable=[])
    for file in files:
        _check_file(file, report)
    return report


def _files_of(path: Path) -> list[Path]:
    if not path.exists():
        raise UserErrorException(f"{path} does not exist.")
    files = sorted(_files_below(path)) if path.is_dir() else [path]
    if not files:
        raise UserErrorException(f"There are no Python scripts and no notebooks below {path}.")
    return files


def _files_below(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        parts = file.relative_to(folder).parts
        hidden = any(part.startswith(".") or part in NOT_READ for part in parts)
        if file.suffix in SUFFIXES and file.is_file() and not hidden:
            yield file


def _check_file(file: Path, report: Report) -> None:
    try:
        text = file.read_text(encoding="utf-8-sig")
        cells = _cells(text) if file.suffix == ".ipynb" else [(None, text)]
    except (OSError, ValueError, LookupError, TypeError) as error:
        report.unreadable.append(f"{file} cannot be read: {error}.")
        return
    # The cells of a notebook are one program: a variable of the first one is used in the last one.
    program: list[tuple[int | None, int, str]] = []
    for cell, source in cells:
        try:
            ast.parse(source)
        except SyntaxError as error:
            where = f"{file}" if cell is None else f"{file} cell {cell}"
            report.unreadable.append(f"{where} is not Python at line {error.lineno}: {error.msg}.")
        else:
            program.append((cell, source.count("\n") + 1, source))
    uses = uses_of(ast.parse("\n".join(source for _, _, source in program)))
    report.findings.extend(_placed(file, program, uses))


def _placed(file: Path, program: list[tuple[int | None, int, str]], uses: list[Use]) -> Iterator[Finding]:
    """Uses with the cell that they are in, and the line in that cell."""
    cells = iter(program)
    cell, length, _ = next(cells, (None, 0, ""))
    before = 0
    for use in uses:
        while use.line > before + length:
            before += length
            cell, length, _ = next(cells)
        moved = Use(line=use.line - before, name=use.name, outcome=use.outcome)
        yield Finding(file=file, cell=cell, use=moved)


def _cells(notebook: str) -> list[tuple[int | None, str]]:
    document = json.loads(notebook)
    return [
        (position, _without_magics("".join(cell["source"])))
        for position, cell in enumerate(document["cells"], 1)
        if cell["cell_type"] == "code"
    ]


def _without_magics(source: str) -> str:
    """The Python in a cell, line for line: a script that `%%writefile` writes counts, other magics do not."""
    lines = source.split("\n")
    if lines[0].startswith("%%") and not lines[0].startswith(_WRITES_FILE):
        return "\n" * (len(lines) - 1)
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)
