from typing import Any

import pytest

from shared.core.dataset_views import DatasetView
from shared.core.definition import StepDefinition
from shared.core.differences import compare
from shared.core.explain import sentence
from shared.core.reuse import build_key_document

FILES = DatasetView()
TABLE = DatasetView.model_validate({"format": {"kind": "delimited"}})


def document(digest: str = "d1", view: DatasetView = FILES, **source: Any) -> dict[str, Any]:
    inputs = {"iris": {"kind": "dataset", "dataset_id": "1", **source}}
    step = StepDefinition.model_validate({"name": "a", "inputs": inputs})
    digests = {"iris": digest}
    return build_key_document(step, type_version=1, parameters={}, input_digests=digests, input_views={"iris": view})


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {"dataset_id": "2"}, "nothing changed"),
        ({}, {"view": DatasetView()}, "nothing changed"),
        ({}, {"digest": "d2"}, "content of dataset input `iris` changed"),
        ({}, {"view": TABLE}, "the way of reading dataset input `iris` changed"),
        ({}, {"mode": "direct"}, "dataset input `iris`: mode mount → mode direct"),
        (
            {"view": TABLE},
            {"digest": "d2"},
            "content of dataset input `iris` changed and the way of reading dataset input `iris` changed",
        ),
    ],
)
def test_a_change_of_a_dataset_in_words(before: dict[str, Any], after: dict[str, Any], words: str):
    assert sentence(compare(document(**before), document(**after), None, None)) == words


def test_places_of_outputs_in_words():
    def made(**output: Any) -> dict[str, Any]:
        step = StepDefinition.model_validate({"name": "a", "outputs": {"out": output}})
        return build_key_document(step, type_version=1, parameters={}, input_digests={})

    changes = compare(made(), made(path="x/{run-id}", register_dataset={"name": "iris"}), None, None)
    assert sentence(changes) == "output `out`: the default → the default at x/{run-id}, dataset iris"
