import pytest

from shared.core.bindings import OutputArgument
from shared.core.definition import StepDefinition
from shared.steps.command import CommandStep

TYPE = CommandStep()


def step(**fields) -> StepDefinition:
    return StepDefinition(name="a", type="command", **{"settings": {"command": ["ls", "-l"]}, **fields})


def test_the_command_comes_first():
    arguments = (OutputArgument(output="o"), True)
    assert TYPE.check(step(arguments=arguments)) == []
    assert TYPE.words(step(arguments=arguments)) == ("ls", "-l", *arguments)
    assert TYPE.launch == "executable"


def test_a_snapshot_is_allowed_and_not_needed():
    assert TYPE.check(step(snapshot="ab" * 32)) == []
    assert not TYPE.needs_snapshot


@pytest.mark.parametrize(
    ("settings", "pointer", "message"),
    [
        ({}, "/settings/command", "`command` is required."),
        ({"command": []}, "/settings/command", "Must not be empty."),
        ({"command": "ls -l"}, "/settings/command", "Must be a list, not a string."),
        ({"command": ["ls", 1]}, "/settings/command/1", "Must be a string, not a number."),
        ({"command": ["", "x"]}, "/settings/command/0", "The executable must not be empty."),
        ({"command": ["ls"], "shell": True}, "/settings/shell", "Unknown key `shell`."),
    ],
)
def test_faults(settings, pointer, message):
    (fault,) = TYPE.check(step(settings=settings))
    assert (fault.pointer, fault.message) == (pointer, message)
