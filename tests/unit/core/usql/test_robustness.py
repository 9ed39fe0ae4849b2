"""Scripts that nobody would write: the compiler answers with faults, never with an error of its own."""

# ruff: noqa: E501, SIM905 - scripts read better in one line

from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.core.usql.compiler import compile_script
from shared.core.usql.problems import CompileFailed
from tests.unit.core.usql.running import faults, rows_of

WORDS = (
    "@a @b = == ; , . ( ) * + - ! ? : ?? && SELECT FROM WHERE GROUP BY HAVING ORDER FETCH ROWS AS DISTINCT JOIN INNER LEFT "
    'ON UNION ALL VALUES EXTRACT USING OUTPUT TO DECLARE EXTERNAL CONST int string int? "x" 1 2.5 null true Id Name a.Id '
    'COUNT SUM OVER PARTITION Extractors.Csv() Outputters.Csv() "a.csv" (1) [x y] \'c\' @"v" @@v@@ // /* */ new DateTime IN '
    "NOT BETWEEN AND LIKE IS NULL CREATE { } \\ \" ' é \0 => .Length .Value LAG Math.Abs"
).split(" ")
STATEMENTS = (
    '@a = EXTRACT Id int, Name string, Size int? FROM "a.csv" USING Extractors.Csv();',
    "@b = SELECT Id, COUNT(*) AS n, MAX(Name) AS m FROM @a WHERE Size > 1 GROUP BY Id HAVING COUNT(*) > 1;",
    "@c = SELECT a.*, RANK() OVER (ORDER BY b.n) AS r FROM @a AS a LEFT JOIN @b AS b ON a.Id == b.Id;",
    'OUTPUT @a TO "x" ORDER BY Id USING Outputters.Csv(outputHeader: true);',
)


def compile_or_fault(script: str) -> None:
    try:
        compile_script(script, {"v": "1"})
    except CompileFailed as error:
        told = error.problems
    else:
        return
    assert told
    assert all(each.position.line >= 1 and each.position.column >= 1 and each.message for each in told)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
@example("@a = SELECT")
@example('"')
@example("@a = ;")
def test_any_words(script: str):
    compile_or_fault(script)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_scripts_with_a_word_exchanged(data: st.DataObject):
    words = " ".join(STATEMENTS).replace("(", " ( ").replace(")", " ) ").replace(",", " , ").split(" ")
    for _ in range(data.draw(st.integers(1, 3))):
        words[data.draw(st.integers(0, len(words) - 1))] = data.draw(st.sampled_from([*WORDS, *words]))
    compile_or_fault(" ".join(words))


def test_expressions_that_are_nested_too_deeply():
    for expression, told in (
        ("(" * 3000 + "1" + ")" * 3000, []),
        (" + ".join(["1"] * 5000), ["2,1: The statement is nested too deeply: take it apart into several ones."]),
        ("!" * 5000 + "true", ["2,1: The statement is nested too deeply: take it apart into several ones."]),
    ):
        script = f'\n@q = SELECT {expression} AS x FROM (VALUES (1)) AS t(y);\nOUTPUT @q TO "x" USING Outputters.Csv();'
        assert faults(script) == told


def test_long_expressions_run(tmp_path: Path):
    total = " + ".join(["y"] * 200)
    either = " || ".join(f"y == {number}" for number in range(200))
    assert rows_of(f"@q = SELECT {total} AS x FROM (VALUES (1)) AS t(y) WHERE {either};", tmp_path) == ["200"]


def test_conditions_guard_what_stands_behind_them(tmp_path: Path):
    rows = ", ".join(
        f'("{"x" * (n % 5)}", (int?) {"null" if n % 3 else n}, "{n if n % 2 else "none"}")' for n in range(500)
    )
    script = (
        f'@a = SELECT * FROM (VALUES {rows}, ((string) null, (int?) null, "0")) AS t(s, n, d);'
        '@q = SELECT COUNT(*) AS c, SUM(d == "none" ? 0 : int.Parse(d)) AS t FROM @a '
        'WHERE (s == null || s.Length > 2) && (s != null ? s.Substring(0, 3) == "xxx" : true) '
        "&& (!n.HasValue || n.Value >= 0 && 10 / (n.Value + 1) >= 0);"
    )
    kept = [n for n in range(500) if n % 5 > 2]
    assert rows_of(script, tmp_path) == [f"{len(kept) + 1}|{sum(n for n in kept if n % 2)}"]
