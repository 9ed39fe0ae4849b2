"""Source notebooks: a file whose comments say where cells begin and which of them are not in the file's language."""

from __future__ import annotations

from dataclasses import dataclass

_COMMENTS = {"#": "python", "--": "sql", "//": "scala"}
_HEADER = " Databricks notebook source"
_SEPARATOR = " COMMAND ----------"
_MAGIC = " MAGIC"
_TITLE = " DBTITLE"


class NotANotebook(Exception):
    """The file is no source notebook."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        number: From 1.
        magic: `python` or `sql` for the notebook's own language, or the word behind `%`: `md`, `run`, `pip`...
        text: The code, or what follows the magic word.
        line: Line of the file in which the text begins.
    """

    number: int
    magic: str
    text: str
    line: int


def is_notebook(source: str) -> bool:
    """Whether a text begins as a notebook does."""
    first = source.split("\n", 1)[0].rstrip()
    return any(first == comment + _HEADER for comment in _COMMENTS)


def read_cells(source: str) -> list[Cell]:
    """Cells of a notebook that are not empty.

    Raises:
        NotANotebook: The first line does not say that it is one.
    """
    if not is_notebook(source):
        raise NotANotebook("The first line of a source notebook is `# Databricks notebook source`.")
    comment = next(mark for mark in _COMMENTS if source.startswith(mark + _HEADER))
    blocks: list[tuple[int, list[str]]] = [(2, [])]
    for number, line in enumerate(source.splitlines()[1:], start=2):
        if line.rstrip() == comment + _SEPARATOR:
            blocks.append((number + 1, []))
        else:
            blocks[-1][1].append(line)
    found = (_cell(number, start, lines, comment) for number, (start, lines) in enumerate(blocks, start=1))
    return [cell for cell in found if cell.text.strip() or cell.magic not in _COMMENTS.values()]


def _cell(number: int, start: int, lines: list[str], comment: str) -> Cell:
    while lines and (not lines[0].strip() or lines[0].startswith(comment + _TITLE)):
        start, lines = start + 1, lines[1:]
    written = [line for line in lines if line.strip()]
    if not written or not all(line.startswith(comment + _MAGIC) for line in written):
        return Cell(number, _COMMENTS[comment], "\n".join(lines), start)
    bare = [line.removeprefix(comment + _MAGIC).removeprefix(" ") for line in lines]
    if not bare[0].startswith("%"):
        return Cell(number, _COMMENTS[comment], "\n".join(lines), start)
    word, _, rest = bare[0][1:].partition(" ")
    return Cell(number, word.strip(), "\n".join([rest, *bare[1:]]), start)
