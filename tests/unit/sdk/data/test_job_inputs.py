"""What a script gets of its inputs and outputs."""

import json

import pytest
from pipeyard.data._job_inputs import input_datasets, output_datasets
from pipeyard.data._views import delimited_view
from pipeyard.exceptions import RunEnvironmentException, UserErrorException

from .local_data import write


def environment(root, **more):
    view = delimited_view().model_dump(mode="json")
    document = {"dataset_id": "d-1", "name": "iris", "version": 3, "view": view, "single_file": True}
    return {
        "AZUREML_DATASET_ENVIRONMENT_VARS": "iris_data:direct,folder:mount",
        "iris_data": "d-1",
        "PIPEYARD_DATASET_iris_data": json.dumps(document | more),
        "AZUREML_DATAREFERENCE_iris_data": str(root / "iris.csv"),
        "folder": "/data/folder",
    }


def test_direct_inputs_are_datasets_and_others_paths(tmp_path):
    write(tmp_path, {"iris.csv": "a,b\n1,x\n"})
    found = input_datasets(environment=environment(tmp_path))
    assert list(found) == ["iris_data", "folder"]
    assert found["folder"] == "/data/folder"
    dataset = found["iris_data"]
    assert (dataset.id, dataset.name, dataset.version) == ("d-1", "iris", 3)
    assert dataset.to_pandas_dataframe().values.tolist() == [[1, "x"]]
    assert dataset.take(0).to_pandas_dataframe().empty


def test_outputs_of_other_steps_have_no_id(tmp_path):
    write(tmp_path, {"iris.csv": "a\n1\n"})
    dataset = input_datasets(environment=environment(tmp_path, dataset_id=None))["iris_data"]
    assert len(dataset.to_pandas_dataframe()) == 1
    with pytest.raises(UserErrorException, match="this job's disk"):
        _ = dataset.id


def test_outside_of_a_step_there_are_none():
    assert input_datasets(environment={}) == {}
    assert output_datasets({}) == {}


def test_outputs_are_paths():
    variables = {"AZUREML_DATASET_FILE_OUTPUTS": "out;more", "out": "/o", "more": "/m"}
    assert output_datasets(variables) == {"out": "/o", "more": "/m"}


def test_half_an_environment_is_told(tmp_path):
    broken = environment(tmp_path)
    del broken["PIPEYARD_DATASET_iris_data"]
    with pytest.raises(RunEnvironmentException, match="PIPEYARD_DATASET_iris_data is not set"):
        input_datasets(environment=broken)
    with pytest.raises(RunEnvironmentException, match="no JSON"):
        input_datasets(environment={**environment(tmp_path), "PIPEYARD_DATASET_iris_data": "{"})


def test_files_that_are_not_there_are_told(tmp_path):
    dataset = input_datasets(environment=environment(tmp_path))["iris_data"]
    with pytest.raises(UserErrorException, match="nothing is there"):
        dataset.to_pandas_dataframe()
