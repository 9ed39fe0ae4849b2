"""The types of C# that columns and expressions can have, and how they are turned into each other."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Type:
    """A type; strings are nullable always, as in C#."""

    name: str
    nullable: bool = False

    def __str__(self) -> str:
        return f"{self.name}?" if self.nullable and self.name not in {"string", "null"} else self.name

    @property
    def sql(self) -> str:
        """DuckDB's type for it."""
        return SQL_NAMES[self.name]

    @property
    def numeric(self) -> bool:
        """Whether it is calculated with."""
        return self.name in NUMBERS

    @property
    def integral(self) -> bool:
        """Whether it is a whole number."""
        return self.name in INTEGERS

    def or_null(self, nullable: bool = True) -> "Type":  # noqa: FBT001, FBT002 - reads as "int or null"
        """The same with nulls."""
        return replace(self, nullable=self.nullable or nullable)

    def never_null(self) -> "Type":
        """The same without nulls; strings stay as they are."""
        return self if self.name == "string" else replace(self, nullable=False)


SQL_NAMES = {
    "sbyte": "TINYINT",
    "byte": "UTINYINT",
    "short": "SMALLINT",
    "ushort": "USMALLINT",
    "int": "INTEGER",
    "uint": "UINTEGER",
    "long": "BIGINT",
    "ulong": "UBIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "decimal": "DECIMAL(38,10)",
    "bool": "BOOLEAN",
    "char": "VARCHAR",
    "string": "VARCHAR",
    "DateTime": "TIMESTAMP",
    "Guid": "UUID",
    "TimeSpan": "BIGINT",
    "null": "VARCHAR",
    "error": "VARCHAR",
}
INTEGERS = ("sbyte", "byte", "short", "ushort", "int", "uint", "long", "ulong")
NUMBERS = frozenset({*INTEGERS, "float", "double", "decimal"})
_SMALL_SIGNED = frozenset({"sbyte", "short", "int"})

STRING = Type("string", nullable=True)
BOOL = Type("bool")
INT = Type("int")
LONG = Type("long")
DOUBLE = Type("double")
DATE_TIME = Type("DateTime")
TIME_SPAN = Type("TimeSpan")
NULL = Type("null", nullable=True)
ERROR = Type("error", nullable=True)
"""Of what could not be bound: accepted everywhere, so that one fault is told once."""

_WIDER = {
    "sbyte": {"short", "int", "long", "float", "double", "decimal"},
    "byte": {"short", "ushort", "int", "uint", "long", "ulong", "float", "double", "decimal"},
    "short": {"int", "long", "float", "double", "decimal"},
    "ushort": {"int", "uint", "long", "ulong", "float", "double", "decimal"},
    "int": {"long", "float", "double", "decimal"},
    "uint": {"long", "ulong", "float", "double", "decimal"},
    "long": {"float", "double", "decimal"},
    "ulong": {"float", "double", "decimal"},
    "float": {"double"},
}


def promoted(left: Type, right: Type) -> Type | None:
    """The type in which two numbers are calculated; None where C# has none."""
    names = {left.name, right.name}
    nullable = left.nullable or right.nullable
    if not names <= NUMBERS:
        return None
    for name in ("decimal", "double", "float"):
        if name in names:
            return None if name == "decimal" and names & {"double", "float"} else Type(name, nullable)
    if "ulong" in names:
        return None if names & (_SMALL_SIGNED | {"long"}) else Type("ulong", nullable)
    if "long" in names or ("uint" in names and names & _SMALL_SIGNED):
        return Type("long", nullable)
    return Type("uint" if "uint" in names else "int", nullable)


def fits(source: Type, target: Type) -> bool:
    """Whether a value becomes one of another type without being told to."""
    if "error" in {source.name, target.name}:
        return True
    if source.name == "null":
        return target.nullable
    if source.nullable and not target.nullable:
        return False
    return source.name == target.name or target.name in _WIDER.get(source.name, ())


def common(left: Type, right: Type) -> Type | None:
    """The type of a choice between two values; None where neither becomes the other."""
    if fits(left, right):
        return right
    if fits(right, left):
        return left
    wider = Type(left.name, nullable=True), Type(right.name, nullable=True)
    if fits(wider[0], wider[1]) and left.name != "null":
        return wider[1]
    return wider[0] if fits(wider[1], wider[0]) and right.name != "null" else None
