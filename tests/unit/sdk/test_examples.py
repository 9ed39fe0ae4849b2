"""The examples' files fit together, without running them."""

import json

import pytest
from pipeyard._core.definition import PipelineDefinition
from pipeyard._definition_file import load_pipeline

from local.demo_example import EXAMPLES, ExampleError, changed_copy, example_names, read_description


def test_there_are_examples():
    assert "digits" in example_names()


@pytest.mark.parametrize("name", example_names())
def test_a_definition_has_its_shape_and_its_scripts(name):
    pipeline = load_pipeline(EXAMPLES / name / read_description(name).pipeline)
    definition = PipelineDefinition.model_validate(pipeline.definition)
    files = {snapshot.digest: {file.path for file in snapshot.files} for snapshot in pipeline.snapshots}
    assert not pipeline.warnings
    with_source = [step for step in definition.steps if step.snapshot is not None]
    assert with_source
    for step in with_source:
        script = step.settings.get("script_name") or step.settings["python_script_name"]
        assert script in files[step.snapshot or ""]


@pytest.mark.parametrize("name", [name for name in example_names() if read_description(name).change is not None])
def test_the_change_reaches_one_step_of_those_that_shall_run(name, tmp_path):
    description = read_description(name)
    assert description.change is not None
    before = load_pipeline(EXAMPLES / name / description.pipeline).definition["steps"]
    after = load_pipeline(changed_copy(name, description.change, tmp_path) / description.pipeline).definition["steps"]
    changed = [step["name"] for old, step in zip(before, after, strict=True) if old != step]
    assert changed == [name for name in changed if name in description.change.reruns]
    assert len(changed) == 1


def test_unknown_examples_are_refused_with_the_known_ones():
    with pytest.raises(ExampleError, match="digits"):
        read_description("../digits")


def test_definitions_are_written_for_people():
    for name in example_names():
        text = (EXAMPLES / name / read_description(name).pipeline).read_text()
        assert max(map(len, text.splitlines())) <= 120
        json.loads(text)
