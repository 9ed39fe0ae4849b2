"""`@@name@@`: what is put in can never become part of the script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.usql.literals import value_of
from shared.core.usql.parsing import parse
from shared.core.usql.problems import CompileFailed, Problem
from shared.core.usql.scopes import Script
from shared.core.usql.substitution import substitute
from shared.core.usql.syntax import Declare
from tests.unit.core.usql.running import faults

OUT = 'OUTPUT @a TO "x" USING Outputters.Csv();'
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def told(script: str, **values: str) -> list[str]:
    with pytest.raises(CompileFailed) as raised:
        substitute(script, values)
    return [f"{each.position.line},{each.position.column}: {each.message}" for each in raised.value.problems]


def declared(text: str) -> object:
    problems: list[Problem] = []
    [statement] = parse(text, problems)
    assert not problems
    assert isinstance(statement, Declare)
    return value_of(statement.value, Script())


@given(ANY_TEXT)
def test_every_value_stays_inside_of_its_string(value: str):
    done = substitute('DECLARE @x string = "a@@v@@b";', {"v": value})
    assert declared(done.text) == f"a{value}b"
    assert done.used == {"v"}


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\u2028\u2029\x85"), max_size=30))
def test_and_inside_of_a_verbatim_one(value: str):
    assert declared(substitute('DECLARE @x string = @"a@@v@@b";', {"v": value}).text) == f"a{value}b"


def test_values_are_not_looked_through_again():
    assert declared(substitute('DECLARE @x = "@@a@@ @@b@@";', {"a": "@@b@@", "b": "1"}).text) == "@@b@@ 1"


@pytest.mark.parametrize("value", ['"; DROP', "1; OUTPUT", "x", "", "1 + 1", "0x1", "@y", "-", "1.", "true;"])
def test_outside_of_a_string_only_plain_values_can_stand(value: str):
    [problem] = told("DECLARE @x int = @@v@@;", v=value)
    assert problem == '1,18: The value of `v` is a text: write "@@v@@", in double quotes.'


@pytest.mark.parametrize("value", ["1", "-1.50", "true", "False"])
def test_plain_values(value: str):
    assert substitute("DECLARE @x = @@v@@;", {"v": value}).text == f"DECLARE @x = {value.lower()};"


def test_line_breaks_cannot_stand_in_verbatim_strings():
    assert told('DECLARE @x = @"@@v@@";', v="a\nb")[0].startswith("1,16: The value of `v` has line breaks")


def test_unknown_names_are_told_all_at_once_with_their_places():
    problems = told("DECLARE @x = \"@@inn@@\";\n  DECLARE @y = @@out@@; DECLARE @z char = '@@in@@';", **{"in": "1"})
    assert problems[0] == "1,15: The step has no input, output or parameter called `inn`. Did you mean `in`?"
    assert problems[1].startswith("2,16: The step has no input, output or parameter called `out`.")
    assert problems[2].startswith("2,44: A value cannot stand in a character literal")


def test_comments_are_left_alone():
    script = '// "@@nope@@"\n/* @@nope@@ */ DECLARE @x = "// @@v@@";'
    assert substitute(script, {"v": "1"}).text == script.replace("@@v@@", "1")


def test_values_that_nothing_uses_are_a_fault():
    script = f"@a = SELECT * FROM (VALUES (1)) AS t(x);\n{OUT}"
    [problem] = faults(script, {"spare": "1"})
    assert problem.startswith("1,1: The script has neither `@@spare@@` nor `DECLARE EXTERNAL @spare`")


def test_external_variables_can_be_replaced_and_values_must_fit():
    script = f"DECLARE EXTERNAL @n int = 1;\n@a = SELECT * FROM (VALUES (@n)) AS t(x);\n{OUT}"
    assert faults(script, {}) == faults(script, {"n": "-5"}) == []
    assert faults(script, {"n": "x"}) == ["1,1: The value that the step gives for `@n` is no `int`."]
