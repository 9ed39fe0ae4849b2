"""From a script's text to statements. A statement that cannot be read does not hide the faults of the next one."""

from collections.abc import Iterator
from functools import lru_cache

from lark import Lark, Token
from lark.exceptions import UnexpectedInput

from ..wording import listed, quoted
from .grammar import GRAMMAR
from .problems import Position, Problem
from .syntax import Broken, Statement
from .tree_statements import Statements

_CATALOGUE = "There is no catalogue here: keep rowsets in files, with EXTRACT and OUTPUT."
_CODE = "Code of C# cannot be run here: write expressions, or do this part in a Python step."
_REFUSED = {
    "CREATE": _CATALOGUE,
    "DROP": _CATALOGUE,
    "ALTER": _CATALOGUE,
    "USE": _CATALOGUE,
    "INSERT": _CATALOGUE,
    "TRUNCATE": _CATALOGUE,
    "TABLE": _CATALOGUE,
    "VIEW": _CATALOGUE,
    "EXTERNAL": _CATALOGUE,
    "REFERENCE": _CODE,
    "DEPLOY": "Files of the step's source directory are there anyway: name them in EXTRACT.",
    "REDUCE": _CODE,
    "PROCESS": _CODE,
    "COMBINE": _CODE,
    "PRODUCE": _CODE,
    "APPLY": "Rows cannot be made of arrays here: split the text before, in a Python step.",
    "PIVOT": "Write one aggregate with a conditional for each column.",
    "UNPIVOT": "Write a UNION ALL of one SELECT for each column.",
    "IF": "Scripts run from top to bottom: use the `? :` of expressions, or two steps of the pipeline.",
    "IMPORT": _CATALOGUE,
    "EXPORT": _CATALOGUE,
    "RANGE": "Write a frame of ROWS.",
    "ARRAY_AGG": "Columns of arrays are not covered.",
    "MAP_AGG": "Columns of maps are not covered.",
}
_STARTERS = {"DECLARE", "OUTPUT"}
_PLAIN_NAMES = {
    "VARIABLE": "a name such as `@rows`",
    "NAME": "a name",
    "TYPE": "a type",
    "STRING": "a string",
    "END": "`;`",
    "_ROWS": "`ROWS`",
}
_MOST_WORDS = 6


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=True, start="start")


def parse(script: str, problems: list[Problem]) -> list[Statement]:
    """Statements of a script in their order; what cannot be read is added to the problems."""
    statements: list[Statement] = []
    for tokens, end in _split(list(_parser().lex(script))):
        if end is None:
            last = tokens[-1]
            place = Position(last.end_line or 1, last.end_column or 1)
            problems.append(Problem(place, "The statement does not end: a `;` is missing."))
        refused = _refusal(tokens)
        if refused is not None:
            problems.append(refused)
            statements += _broken(tokens)
            continue
        try:
            statements.append(_statement(tokens, end))
        except UnexpectedInput as error:
            problems.append(_syntax_problem(error, tokens[-1] if end is None else end))
            statements += _broken(tokens)
    return statements


def _broken(tokens: list[Token]) -> list[Statement]:
    """Names that a statement would have given, so that those who use them are not told that they do not exist."""
    declared = str(tokens[0]) == "DECLARE"
    name = next((token for token in tokens[: 3 if declared else 1] if token.type == "VARIABLE"), None)
    return [] if name is None else [Broken(str(name), declared, position=_place(name))]


def _split(tokens: list[Token]) -> Iterator[tuple[list[Token], Token | None]]:
    """Tokens of each statement, and the `;` behind it."""
    chunk: list[Token] = []
    for token in tokens:
        if token.type != "END":
            chunk.append(token)
        elif chunk:
            yield chunk, token
            chunk = []
    if chunk:
        yield chunk, None


def _statement(tokens: list[Token], end: Token | None) -> Statement:
    interactive = _parser().parse_interactive("")
    for token in tokens:
        interactive.feed_token(token)
    interactive.feed_token(end or Token.new_borrow_pos("END", ";", tokens[-1]))
    tree = interactive.feed_eof()  # type: ignore[no-untyped-call]
    statement: Statement = Statements().transform(tree)
    return statement


def _refusal(tokens: list[Token]) -> Problem | None:
    """The first word that stands for something which is not covered at all."""
    for number, token in enumerate(tokens):
        word = str(token)
        before = tokens[number - 1].type if number else ""
        if word == "EXTERNAL" and before == "DECLARE":
            continue
        if before == "DOT" or token.type == "QUOTED_NAME":
            continue
        if word in _REFUSED and (token.type == "NAME" or word == "EXTERNAL"):
            what = " ".join([word, *_next_word(tokens, number)])
            return Problem(_place(token), f"{what} is not covered. {_REFUSED[word]}")
        if word == "new" and number + 1 < len(tokens) and tokens[number + 1].type == "NAME":
            return Problem(_place(token), f"new {tokens[number + 1]} is not covered. {_CODE}")
        if word == "=" and number + 1 < len(tokens) and str(tokens[number + 1]) == ">":
            return Problem(_place(token), f"Lambda expressions are not covered. {_CODE}")
    return None


def _next_word(tokens: list[Token], number: int) -> list[str]:
    follower = tokens[number + 1] if number + 1 < len(tokens) else None
    return [str(follower)] if number == 0 and follower is not None and str(follower).isupper() else []


def _syntax_problem(error: UnexpectedInput, last: Token) -> Problem:
    token = getattr(error, "token", None)
    expected = sorted({_word(name) for name in getattr(error, "expected", ())} - {""})
    wanted = f" Expected: {listed(expected, last='or')}." if 0 < len(expected) <= _MOST_WORDS else ""
    if not isinstance(token, Token) or token.type in {"$END", "END"}:
        return Problem(_place(last), f"The statement ends too early.{wanted}")
    if token.type == "OTHER":
        kind = "The string does not end" if token.value == '"' else f"{quoted(str(token))} cannot stand here"
        return Problem(_place(token), f"{kind}.{wanted if token.value != '"' else ''}")
    message = f"{quoted(str(token))} cannot stand here.{wanted}"
    if token.type == "NAME" and str(token).upper() in _STARTERS | {"SELECT", "FROM", "WHERE", "AS", "USING"}:
        message = f"Keywords are upper case: write `{str(token).upper()}`."
    return Problem(_place(token), message)


def _word(terminal: str) -> str:
    """How a terminal is called in sentences; "" for those that nobody misses."""
    if terminal in _PLAIN_NAMES:
        return _PLAIN_NAMES[terminal]
    definition = _parser().get_terminal(terminal).pattern if not terminal.startswith("$") else None
    return f"`{definition.value}`" if definition is not None and definition.type == "str" else ""


def _place(token: Token) -> Position:
    return Position(token.line or 1, token.column or 1)
