import pytest

from shared.core.bindings import InputArgument
from shared.core.definition import StepDefinition
from shared.steps.python_script import PythonScriptStep

SHA = "ab" * 32
TYPE = PythonScriptStep()


def step(**fields) -> StepDefinition:
    return StepDefinition(name="a", **{"snapshot": SHA, "settings": {"script_name": "src/a.py"}, **fields})


def test_the_script_comes_first():
    arguments = ("--x", 1, InputArgument(input="i"))
    assert TYPE.check(step(arguments=arguments)) == []
    assert TYPE.words(step(arguments=arguments)) == ("src/a.py", *arguments)
    assert TYPE.launch == "script"


@pytest.mark.parametrize(
    ("fields", "pointer", "message"),
    [
        ({"settings": {}}, "/settings/script_name", "`script_name` is required."),
        ({"settings": {"script_name": 3}}, "/settings/script_name", "Must be a string, not a number."),
        ({"settings": {"script_name": ""}}, "/settings/script_name", "The path is empty."),
        ({"settings": {"script_name": "../a.py"}}, "/settings/script_name", "The path contains `.` or `..`"),
        ({"settings": {"script_name": "a.py", "args": []}}, "/settings/args", "Unknown key `args`."),
        ({"snapshot": None}, "/snapshot", "A step of type `python_script` needs a snapshot"),
    ],
)
def test_faults(fields, pointer, message):
    (fault,) = TYPE.check(step(**fields))
    assert fault.pointer == pointer
    assert fault.message.startswith(message)


def test_all_faults_at_once():
    faults = TYPE.check(step(settings={"script": "a.py"}, snapshot=None))
    assert [fault.pointer for fault in faults] == ["/settings/script_name", "/settings/script", "/snapshot"]
    assert faults[1].suggestion == "Did you mean `script_name`?"
