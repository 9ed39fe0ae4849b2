from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from shared.core.shapes import Place, definition_place, shape_faults
from shared.core.wording import Suggester


class Settings(BaseModel):
    code: Annotated[str, Field(pattern="^x$")] = "x"
    day: Literal[1, 2] = 1
    rate: float = 0


def messages(**values) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(values)
    faults = shape_faults(caught.value, lambda loc: Place(loc, Settings), Suggester())
    return [f"{fault.pointer}: {fault.message}" for fault in faults]


def test_models_of_other_packages_get_sentences_too():
    assert messages(code="y", day=3, rate=10**400) == [
        "/code: String should match pattern '^x$'.",
        "/day: Must be 1 or 2.",
        "/rate: Must be a finite number.",
    ]


def test_a_wrong_value_is_never_repeated():
    assert "hunter2" not in "".join(messages(code="hunter2", rate="hunter2"))


@pytest.mark.parametrize(
    ("loc", "path"),
    [
        ((), ()),
        (("name",), ("name",)),
        (("parameters", "p"), ("parameters", "p")),
        (("parameters", "p", "default"), ("parameters", "p", "default")),
        (("parameters", "default", "default", "int"), ("parameters", "default", "default")),
        (("steps",), ("steps",)),
        (("steps", 0), ("steps", 0)),
        (("steps", 0, "arguments", 1, "literal", "int"), ("steps", 0, "arguments", 1)),
        (("steps", 0, "arguments", 1, "input", "input"), ("steps", 0, "arguments", 1, "input")),
        (("steps", 0, "inputs", "literal"), ("steps", 0, "inputs", "literal")),
        (("steps", 0, "inputs", "[key]", "[key]"), ("steps", 0, "inputs", "[key]", "[key]")),
        (("steps", 0, "inputs", "literal", "literal", "value", "int"), ("steps", 0, "inputs", "literal", "value")),
        (("steps", 0, "inputs", "value", "literal", "value"), ("steps", 0, "inputs", "value", "value")),
        (("steps", 0, "inputs", "x", "parameter", "parameter"), ("steps", 0, "inputs", "x", "parameter")),
        (("steps", 0, "outputs", "literal", "datastore"), ("steps", 0, "outputs", "literal", "datastore")),
        (("steps", 0, "outputs"), ("steps", 0, "outputs")),
    ],
)
def test_tags_of_unions_are_left_out(loc, path):
    assert definition_place(loc).path == path
