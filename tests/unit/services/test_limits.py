"""Limits on runs, counted in real storage by two instances of the app."""

from datetime import UTC, datetime, timedelta

import pytest

from shared import bootstrap
from shared.config import load_settings
from shared.core.errors import TooManyRequests
from shared.core.identity import LOCAL_CALLER, Caller
from shared.core.records import RunRecord
from shared.ports.services import Services
from shared.services.limits import Limits, RunLimits
from tests.fakes.clocks import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 1, 1, 12, 0, 10, tzinfo=UTC))


@pytest.fixture
def services(storage_account: str, clock: SetClock) -> Services:
    return bootstrap._services(load_settings({"PIPEYARD_STORAGE": storage_account}), clock)


def caller(name: str) -> Caller:
    return Caller(id=name, name=name, kind="user")


def test_two_instances_count_together(services, clock):
    first, second = (RunLimits(services, Limits(runs_per_minute=4)) for _ in range(2))
    for instance in (first, first, second, first):
        instance.admit(caller("anna"))
    for instance in (first, second):
        with pytest.raises(TooManyRequests, match="anna") as refused:
            instance.admit(caller("anna"))
        assert refused.value.wait_seconds == 50
    second.admit(caller("bert"))
    clock.time += timedelta(seconds=50)
    for instance in (second, first, second, first):
        instance.admit(caller("anna"))
    with pytest.raises(TooManyRequests):
        first.admit(caller("anna"))


def test_who_did_not_sign_in_is_not_counted(services):
    limits = RunLimits(services, Limits(runs_per_minute=1))
    for _ in range(3):
        limits.admit(LOCAL_CALLER)


def test_runs_under_way_are_counted(services, clock):
    limits = RunLimits(services, Limits(active_runs=2))
    limits.admit(caller("anna"))
    for number in range(2):
        run = RunRecord(
            run_id=f"run-{number}",
            experiment="e",
            pipeline="p",
            created_at=clock.now().isoformat(),
            definition_id="0",
            step_count=0,
        )
        services.runs.create_run(run)
    with pytest.raises(TooManyRequests, match="at most 2"):
        RunLimits(services, Limits(active_runs=2)).admit(caller("anna"))
    clock.time += timedelta(seconds=10)
    with pytest.raises(TooManyRequests):
        limits.admit(caller("anna"))


def test_limits_can_be_off(services):
    limits = RunLimits(services, Limits())
    for _ in range(3):
        limits.admit(caller("anna"))
