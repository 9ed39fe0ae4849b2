import pytest

from shared.core.bindings import LiteralInput, StepOutput
from shared.core.definition import StepDefinition
from shared.steps.notebook import NotebookStep

TYPE = NotebookStep()


def step(settings, **fields) -> StepDefinition:
    return StepDefinition(
        name="a",
        type="notebook",
        **{
            "snapshot": "ab" * 32,
            "settings": {"notebook": "a.ipynb", **settings},
            "inputs": {"data": LiteralInput(value=1)},
            "outputs": {"done": StepOutput()},
            **fields,
        },
    )


def test_a_notebook_with_everything():
    settings = {
        "output_notebook": "done",
        "parameters": {"alpha": {"parameter": "a"}, "beta": None},
        "timeout_seconds": 5,
    }
    assert TYPE.check(step(settings)) == []
    assert TYPE.words(step(settings)) == ("pipeyard.jobs.notebook",)


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [
        ({"notebook": "a.py"}, "/settings/notebook"),
        ({"notebook": "../a.ipynb"}, "/settings/notebook"),
        ({"output_notebook": "dune"}, "/settings/output_notebook"),
        ({"parameters": {"a b": 1}}, "/settings/parameters/a b"),
        ({"parameters": {"data": 1}}, "/settings/parameters/data"),
        ({"timeout_seconds": 0}, "/settings/timeout_seconds"),
    ],
)
def test_faults(settings, pointer):
    assert [fault.pointer for fault in TYPE.check(step(settings))] == [pointer]


def test_a_notebook_has_no_command_line():
    assert [fault.pointer for fault in TYPE.check(step({}, arguments=("--x",)))] == ["/arguments"]
