from hypothesis import given
from hypothesis import strategies as st

from shared.core import names


@given(st.text("abc-019", min_size=1), st.integers(0, 200_000))
def test_a_step_run_id_can_be_split_again(run_id, ordinal):
    assert names.split_step_run_id(names.step_run_id(run_id, ordinal)) == (run_id, ordinal)


def test_ids_of_step_runs_sort_like_their_steps():
    ids = [names.step_run_id("r", ordinal) for ordinal in (0, 9, 10, 4999)]
    assert ids == sorted(ids) == ["r-00000", "r-00009", "r-00010", "r-04999"]


def test_places_are_v1s():
    assert names.job_name("r", 1, 2) == "r-00001-2"
    assert names.artifact_prefix("r", 1) == "ExperimentRun/dcid.r-00001"
    assert names.output_path("r", 1, "model") == "azureml/r-00001/model"
    assert names.log_name(1) == "azureml-logs/70_driver_log.txt"
    assert names.log_name(2) == "azureml-logs/70_driver_log_attempt_2.txt"
    assert names.metrics_name(2) == "metrics/attempt_2.jsonl"
