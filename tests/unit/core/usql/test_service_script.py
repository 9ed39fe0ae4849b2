"""Scripts as Data Lake Analytics gets them: values in them, and nothing that a value could add."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.usql.compiler import compile_script
from shared.core.usql.literals import value_of
from shared.core.usql.parsing import parse
from shared.core.usql.places import BlobPlaces
from shared.core.usql.plan import ExtractStep
from shared.core.usql.problems import CompileFailed, Problem
from shared.core.usql.scopes import Script
from shared.core.usql.service_script import service_script
from shared.core.usql.step_values import step_values
from shared.core.usql.syntax import Declare, OutputStatement

RAW = "wasb://data@acct.blob.core.windows.net/raw"
OUT = "wasb://data@acct.blob.core.windows.net/out"
PORTS = {"raw": RAW, "out": OUT}
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NASTY = st.lists(
    st.sampled_from(['"', "\\", "\n", "\r", ";", "@@out@@", "//", "/*", "*/", "'", '"";', "x", "{", "\x85"])
)


def told(script: str, values: dict[str, str]) -> list[str]:
    with pytest.raises(CompileFailed) as raised:
        service_script(script, values)
    return [problem.text("a.usql") for problem in raised.value.problems]


def statements(script: str) -> list[object]:
    problems: list[Problem] = []
    found = parse(script, problems)
    assert problems == []
    return list(found)


def test_ports_and_params_are_put_in_and_lines_stay():
    script = '\n@a = EXTRACT x int FROM "@@raw@@/{*}.csv" USING Extractors.Csv();\nOUTPUT @a TO "@@out@@/@@name@@";'
    done = service_script(script, {**PORTS, "name": "a b.csv"})
    assert done == (
        f'\n@a = EXTRACT x int FROM "{RAW}/{{*}}.csv" USING Extractors.Csv();\nOUTPUT @a TO "{OUT}/a b.csv";'
    )


@given(ANY_TEXT | NASTY.map("".join))
def test_no_value_leaves_its_string(value: str):
    done = service_script('DECLARE @x string = "a@@v@@b"; OUTPUT @y TO "z" USING Outputters.Csv();', {"v": value})
    declare, output = statements(done)
    assert isinstance(declare, Declare)
    assert value_of(declare.value, Script()) == f"a{value}b"
    assert isinstance(output, OutputStatement)


@given(ANY_TEXT | NASTY.map("".join))
def test_no_value_leaves_a_declaration_that_it_makes(value: str):
    done = service_script('DECLARE EXTERNAL @v string = "old"; DECLARE @w string = @v;', {"v": value})
    first, *others = statements(done)
    assert isinstance(first, Declare)
    assert (first.variable, value_of(first.value, Script())) == ("@v", value)
    assert len(others) == 2


@given(st.text(max_size=12))
def test_outside_of_strings_only_plain_values_stand(value: str):
    try:
        done = service_script("DECLARE @x = @@v@@;", {"v": value})
    except CompileFailed:
        return
    assert len(statements(done)) == 1


@pytest.mark.parametrize(
    ("type_", "value", "literal"),
    [
        ("int", "3", "3"),
        ("double", "-1.5", "-1.5"),
        ("bool", "True", "true"),
        ("DateTime", "2026-01-01", 'DateTime.Parse("2026-01-01")'),
        ("string", 'a"b', '"a\\"b"'),
    ],
)
def test_values_of_declare_external_win(type_: str, value: str, literal: str):
    script = f"DECLARE EXTERNAL @v {type_} = null;"
    assert service_script(script, {"v": value}) == f"DECLARE @v {type_} = {literal}; {script}"


@pytest.mark.parametrize(("type_", "value"), [("int", "x"), ("int", "1;"), ("bool", "1"), ("double", "true")])
def test_values_of_another_type_are_faults(type_: str, value: str):
    [fault] = told(f"DECLARE EXTERNAL @v {type_} = null;", {"v": value})
    assert fault == f"a.usql(1,1): error: The value that the step gives for `@v` is no `{type_}`."


def test_a_declaration_before_decides():
    script = f"""
        DECLARE EXTERNAL @file string = "{RAW}/old.csv";
        @a = EXTRACT x int FROM @file USING Extractors.Csv();
        OUTPUT @a TO "{OUT}/a.csv" USING Outputters.Csv();
    """
    plan = compile_script(service_script(script, {"file": f"{RAW}/new.csv"}), {}, BlobPlaces())
    [step] = [step for step in plan.steps if isinstance(step, ExtractStep)]
    assert [files.pattern for files in step.files] == [f"{RAW}/new.csv"]


def test_everything_that_is_wrong_is_told_at_once():
    faults = told('DECLARE @x = "@@nope@@";\nDECLARE @y = @@text@@;', {"text": "a b", "spare": "1"})
    assert len(faults) == 3
    assert "`@@spare@@`" in faults[0]
    assert faults[1].startswith("a.usql(1,15): error: The step has no input, output or parameter called `nope`.")
    assert faults[2].startswith("a.usql(2,14): error: The value of `text` is a text")


def test_a_name_stands_for_one_thing():
    with pytest.raises(CompileFailed) as raised:
        step_values({"AML_PARAMETER_raw": "1", "AML_PARAMETER_out": "2", "AML_PARAMETER_n": "3"}, PORTS)
    assert [problem.message[:6] for problem in raised.value.problems] == ["`out` ", "`raw` "]
    assert step_values({"AML_PARAMETER_n": "3", "PATH": "x"}, PORTS) == {"n": "3", **PORTS}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("a.csv", "There is no store behind this path"),
        ("/a.csv", "There is no store behind this path"),
        ("adl://acct.azuredatalakestore.net/a.csv", "Data Lake Storage Gen1 was retired"),
        (f"{RAW}/../a.csv", "cannot have `..`"),
        ("wasb://{*}@acct.blob.core.windows.net/a.csv", "behind the container's name"),
    ],
)
def test_the_service_knows_blobs_only(path: str, words: str):
    assert words in (BlobPlaces().read_fault(path) or "")


def test_blobs_by_pattern():
    assert BlobPlaces().read_fault(f"{RAW}/{{date:yyyy}}/{{*}}.csv") is None
