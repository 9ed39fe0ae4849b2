"""Every state, result and code that a run can have."""

import pytest
from databricks.sdk.service import jobs

from shared.adapters.databricks.run_state import (
    ENDED_LIFE_CYCLES,
    OUTCOMES_BY_CODE,
    OUTCOMES_BY_RESULT,
    OUTCOMES_BY_TYPE,
    read_state,
)
from shared.core.jobs import JobOutcome

TERMINAL = {jobs.RunLifeCycleState.TERMINATED, jobs.RunLifeCycleState.SKIPPED, jobs.RunLifeCycleState.INTERNAL_ERROR}


def test_the_tables_know_everything_that_the_client_knows():
    assert {code.value for code in jobs.TerminationCodeCode} <= set(OUTCOMES_BY_CODE)
    assert {type_.value for type_ in jobs.TerminationTypeType} == set(OUTCOMES_BY_TYPE)
    assert {result.value for result in jobs.RunResultState} == set(OUTCOMES_BY_RESULT)
    assert {life.value for life in TERMINAL} == ENDED_LIFE_CYCLES


@pytest.mark.parametrize("life", list(jobs.RunLifeCycleState))
def test_every_life_cycle_of_the_older_form(life):
    state = read_state({"state": {"life_cycle_state": life.value, "state_message": "words"}})
    assert (state.outcome is not None) == (life in TERMINAL)
    assert state.detail == f"{life.value}: words"


@pytest.mark.parametrize("word", list(jobs.RunLifecycleStateV2State))
def test_every_state_of_the_newer_form(word):
    state = read_state({"status": {"state": word.value}})
    assert (state.outcome is not None) == (word is jobs.RunLifecycleStateV2State.TERMINATED)


def ended(code, type_="CLIENT_ERROR", result=None, life="TERMINATED"):
    older = {"life_cycle_state": life, "state_message": "older", **({"result_state": result} if result else {})}
    details = {"code": code, "type": type_, "message": "newer"}
    return {"state": older, "status": {"state": "TERMINATED", "termination_details": details}}


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (ended("SUCCESS", "SUCCESS", "SUCCESS"), JobOutcome.COMPLETED),
        (ended("RUN_EXECUTION_ERROR", result="FAILED", life="INTERNAL_ERROR"), JobOutcome.FAILED),
        (ended("USER_CANCELED", result="CANCELED"), JobOutcome.CANCELED),
        (ended("CANCELED", result="TIMEDOUT"), JobOutcome.TIMED_OUT),
        (ended("CANCELED", "INTERNAL_ERROR", result="CANCELED"), JobOutcome.LOST),
        (ended("CLOUD_FAILURE", "CLOUD_FAILURE", "FAILED"), JobOutcome.LOST),
        (ended("DRIVER_ERROR", "INTERNAL_ERROR", "FAILED"), JobOutcome.LOST),
        (ended("DRIVER_ERROR", "CLIENT_ERROR", "FAILED"), JobOutcome.FAILED),
        (ended("CLUSTER_ERROR", "CLOUD_FAILURE", "FAILED"), JobOutcome.LOST),
        (ended("SOMETHING_NEW", "CLIENT_ERROR", "FAILED"), JobOutcome.FAILED),
        (ended("SOMETHING_NEW", "CLOUD_FAILURE", "FAILED"), JobOutcome.LOST),
        ({"state": {"life_cycle_state": "INTERNAL_ERROR", "result_state": "FAILED"}}, JobOutcome.FAILED),
        ({"state": {"life_cycle_state": "INTERNAL_ERROR"}}, JobOutcome.LOST),
        ({"state": {"life_cycle_state": "TERMINATED", "result_state": "TIMEDOUT"}}, JobOutcome.TIMED_OUT),
        ({"state": {"life_cycle_state": "SKIPPED"}}, JobOutcome.FAILED),
        ({"status": {"state": "TERMINATED"}, "state": {"result_state": "SUCCESS"}}, JobOutcome.COMPLETED),
        ({}, None),
    ],
)
def test_what_an_end_means(run, outcome):
    assert read_state(run).outcome is outcome


def test_the_newer_words_come_first():
    assert read_state(ended("RUN_EXECUTION_ERROR")).detail == "RUN_EXECUTION_ERROR: newer"
    queued = {"status": {"state": "QUEUED", "queue_details": {"message": "many\n runs"}}}
    assert read_state(queued).detail == "QUEUED: many runs"
