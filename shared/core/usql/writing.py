"""SQL that gives rows as lines of a file, by the rules of the Outputters."""

from .plan import TextFormat
from .scopes import Column, Script

_QUOTED = frozenset({"string", "char"})
_TEXTS = {
    "bool": "usql_bool_text({0})",
    "float": "usql_real_text({0})",
    "double": "usql_real_text({0})",
    "decimal": "usql_decimal_text({0})",
}


def header_line(columns: tuple[Column, ...], form: TextFormat) -> str | None:
    """The first line, if there is to be one."""
    if not form.header:
        return None
    names = [column.name for column in columns]
    if form.quoting:
        names = ['"' + name.replace('"', '""') + '"' for name in names]
    return form.delimiter.join(names)


def line_sql(columns: tuple[Column, ...], form: TextFormat, script: Script) -> str:
    """An expression for a row as a line, without its end."""
    null = script.text(form.null_text or "")
    cells = [f"coalesce({_cell(f'c{number}', each, form, script)}, {null})" for number, each in enumerate(columns)]
    return f" || {script.text(form.delimiter)} || ".join(cells)


def _cell(column: str, about: Column, form: TextFormat, script: Script) -> str:
    name = about.type.name
    if name in _QUOTED:
        return f"'\"' || replace({column}, '\"', '\"\"') || '\"'" if form.quoting else column
    if name == "DateTime":
        return f"strftime({column}, {script.text(form.time_format)})"
    return _TEXTS.get(name, "CAST({0} AS VARCHAR)").format(column)
