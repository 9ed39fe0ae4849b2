"""Small tables for people: as text, and as HTML for notebooks."""

from collections.abc import Sequence
from html import escape

WIDEST = 40


def text_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in columns. Long values are cut."""
    cut = [[_cut(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(len(row[index]) for row in cut) for index in range(len(headings))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cut]
    return "\n".join(lines)


def html_table(headings: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """A table as HTML. Everything in it is escaped."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cut(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= WIDEST else plain[: WIDEST - 1] + "…"
