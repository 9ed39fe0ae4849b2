"""The step that copies files between datastores: what it may have, and what its job is told."""

from typing import Any

import pytest

from shared.core.bindings import InputArgument, OutputArgument
from shared.core.definition import StepDefinition
from shared.steps import STEP_TYPES

TYPE = STEP_TYPES["data_transfer"]
REFERENCE = {"kind": "data_reference", "datastore": "d", "path": "in"}


def step(settings: dict[str, Any] | None = None, **fields: Any) -> StepDefinition:
    ends = {"inputs": {"raw": REFERENCE}, "outputs": {"copied": {"datastore": "e", "path": "to"}}}
    document = {"name": "a", "type": "data_transfer", "settings": settings or {}, **ends, **fields}
    return StepDefinition.model_validate(document)


def test_the_job_is_told_both_ends_and_their_kinds():
    ends = (InputArgument(input="raw"), OutputArgument(output="copied"))
    assert TYPE.check(step()) == []
    assert TYPE.words(step()) == (*ends, "any", "any")
    types = {"source_reference_type": "file", "destination_reference_type": "directory"}
    assert TYPE.check(step(types)) == []
    assert TYPE.words(step(types)) == (*ends, "file", "directory")


@pytest.mark.parametrize(
    ("wrong", "pointer", "words"),
    [
        (step({"source_reference_type": "folder"}), "/settings/source_reference_type", "`file` or `directory`"),
        (step({"source": {"sql_table": "t"}}, inputs={}), "/settings/source", "databases"),
        (step({"destination": {"sql_table": "t"}}), "/settings/destination", "databases"),
        (step(inputs={}), "/inputs", "exactly one input"),
        (step(inputs={"a": REFERENCE, "b": REFERENCE}), "/inputs", "exactly one input"),
        (step(inputs={"a": {"kind": "literal", "value": 1}}), "/inputs", "has files"),
        (step(outputs={}), "/outputs", "exactly one output"),
    ],
)
def test_what_cannot_be_copied_is_refused(wrong: StepDefinition, pointer: str, words: str):
    (fault,) = TYPE.check(wrong)
    assert fault.pointer == pointer
    assert words in fault.message
