"""The tick: late, doubled, missing and cut off ticks neither lose a run nor repeat one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.core.errors import StorageUnavailable
from shared.core.publishing import EntityStatus
from shared.core.schedules import ScheduleProgress, TriggerEvent
from shared.services import firing, trigger_history
from shared.services.firing import MAX_RUNS_PER_TICK, fire_schedules
from shared.services.publishing import SubmitRequest, set_published_status, submit_published
from shared.services.schedule_requests import ScheduleChange
from shared.services.schedules import last_run, update_schedule
from tests.unit.services.scheduling import MINUTE, START, World

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def change(world: World, schedule, **fields):
    return update_schedule(world.workspace, schedule.schedule_id, ScheduleChange.model_validate(fields))


class TestTicks:
    def test_a_month_of_days_has_every_day_once(self, world: World):
        """Two ticks a day stand for all of them: those in between find nothing due."""
        schedule = world.schedule(recurrence={"frequency": "Day", "hours": [6], "minutes": [30]})
        world.clock.time = START.replace(hour=6, minute=29) + DAY
        for _ in range(31):
            world.tick(2 * MINUTE)
            world.tick(DAY - 2 * MINUTE)
        assert len(world.runs(schedule)) == 31
        assert len({event.instant for event in world.history(schedule)}) == 31

    def test_the_first_run_comes_at_once_and_then_every_interval(self, world: World):
        schedule = world.every("Minute", 2)
        for _ in range(6):
            world.tick()
        assert world.instants(schedule) == ["02 12:00", "02 12:02", "02 12:04", "02 12:06"]
        runs = world.runs(schedule)
        assert {run.schedule_id for run in runs} == {schedule.schedule_id}
        assert {(run.run_source, run.experiment) for run in runs} == {("Schedule", "exp")}
        assert len(world.engine.runs) == 4
        last = last_run(world.workspace, schedule.schedule_id)
        assert last is not None
        assert last.run_id == runs[-1].run_id

    def test_no_client_can_take_the_place_of_a_scheduled_run(self, world: World):
        """Ids of schedules and their instants are no secret, and clients choose their keys."""
        schedule = world.every("Minute")
        for key in (f"schedule:{schedule.schedule_id}:at:{START.isoformat()}", f"{schedule.schedule_id}:at:{START}"):
            request = SubmitRequest(experiment_name="exp")
            submit_published(
                world.workspace, world.engine, world.pipeline.published_pipeline_id, request, idempotency_key=key
            )
        world.tick()
        assert world.instants(schedule) == ["02 12:00", "02 12:01"]
        assert len(world.runs(schedule)) == 2

    def test_doubled_ticks_start_nothing_twice(self, world: World):
        schedule = world.every("Minute")
        for _ in range(3):
            world.tick()
            world.tick(timedelta())
            world.tick(timedelta(seconds=1))
        assert world.instants(schedule) == ["02 12:00", "02 12:01", "02 12:02", "02 12:03"]
        assert len(world.runs(schedule)) == 4

    def test_a_late_tick_loses_nothing(self, world: World):
        schedule = world.every("Minute")
        world.tick()
        world.tick(4 * MINUTE)
        assert world.instants(schedule) == [f"02 12:0{minute}" for minute in range(6)]

    def test_a_clock_that_went_back_repeats_nothing(self, world: World):
        schedule = world.every("Minute")
        world.tick(3 * MINUTE)
        world.tick(-2 * MINUTE)
        world.tick(2 * MINUTE)
        assert len(world.runs(schedule)) == len(world.instants(schedule)) == 4

    @pytest.mark.parametrize("cut", ["after the submits", "between them"])
    def test_a_tick_that_is_cut_off_is_finished_by_the_next(self, world: World, cut: str, monkeypatch):
        schedule = world.every("Minute")
        world.tick()
        if cut == "after the submits":
            monkeypatch.setattr(firing, "save_progress", died)
        else:
            world.engine.broken = StorageUnavailable("The task hub is away.")
        world.tick(3 * MINUTE)
        monkeypatch.undo()
        world.engine.broken = None
        world.tick()
        assert world.instants(schedule) == [f"02 12:0{minute}" for minute in range(6)]
        assert len(world.runs(schedule)) == 6

    def test_what_was_changed_between_two_tries_of_an_instant_does_not_repeat_it(self, world: World, monkeypatch):
        schedule = world.every("Hour")
        monkeypatch.setattr(firing, "save_progress", died)
        world.tick()
        monkeypatch.undo()
        change(world, schedule, parameters={"alpha": 0.9})
        world.tick()
        assert [run.parameters["alpha"] for run in world.runs(schedule)] == [0.5]

    def test_many_ticks_in_parallel(self, world: World):
        schedules = [world.every("Minute") for _ in range(3)]
        world.clock.time += 3 * MINUTE
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _: fire_schedules(world.workspace, world.engine), range(6)))
        for schedule in schedules:
            assert world.instants(schedule) == [f"02 12:0{minute}" for minute in range(4)]
            assert len(world.runs(schedule)) == 4

    def test_two_ticks_one_after_the_other_with_the_same_cursor(self, world: World):
        """The second one has read the cursor before the first one moved it."""
        schedule = world.every("Minute")
        catalogue = world.workspace.services.catalogue
        world.tick()
        before = catalogue.get(ScheduleProgress, schedule.schedule_id)
        world.tick()
        after = catalogue.get(ScheduleProgress, schedule.schedule_id)
        catalogue.put(before)
        fire_schedules(world.workspace, world.engine)
        assert len(world.runs(schedule)) == 3
        assert catalogue.get(ScheduleProgress, schedule.schedule_id).cursor == after.cursor


def died(*_args):
    raise RuntimeError("the process ended here")


class TestMissedInstants:
    def test_none_fires_what_is_not_late_and_says_what_was_missed(self, world: World):
        schedule = world.every("Hour", catch_up="none")
        world.tick()
        world.tick(10 * HOUR)
        assert world.instants(schedule) == ["02 12:00", "02 22:00"]
        assert world.instants(schedule, "missed") == ["02 21:00"]
        (missed,) = [event for event in world.history(schedule) if event.outcome == "missed"]
        assert "catch_up" in str(missed.reason)

    def test_last_fires_the_latest_one(self, world: World):
        schedule = world.every("Hour", catch_up="last")
        world.tick()
        world.tick(10 * HOUR + 30 * MINUTE)
        world.tick()
        assert world.instants(schedule) == ["02 12:00", "02 22:00"]
        assert world.instants(schedule, "missed") == ["02 21:00"]

    def test_all_fires_every_one_in_pieces(self, world: World):
        schedule = world.every("Hour", catch_up="all")
        world.tick()
        world.tick(25 * HOUR)
        assert len(world.runs(schedule)) == 1 + MAX_RUNS_PER_TICK
        world.tick()
        world.tick()
        world.tick()
        assert len(world.runs(schedule)) == len(set(world.instants(schedule))) == 26
        assert world.instants(schedule, "missed") == []

    def test_after_years_of_silence_a_tick_is_quick(self, world: World):
        schedule = world.every("Minute", catch_up="last")
        world.tick(5 * 365 * DAY)
        assert len(world.runs(schedule)) == 5, "those within the grace"

    def test_disabled_is_not_missed(self, world: World):
        schedule = world.every("Hour", catch_up="all")
        world.tick()
        change(world, schedule, status="Disabled")
        world.tick(10 * HOUR)
        change(world, schedule, status="Active")
        world.tick(HOUR)
        assert world.instants(schedule) == ["02 12:00", "02 23:00"]


class TestTrouble:
    def test_a_schedule_that_cannot_start_says_why_and_holds_up_nobody(self, world: World):
        broken = world.every("Minute", 10)
        set_published_status(world.workspace, world.pipeline.published_pipeline_id, EntityStatus.DISABLED)
        world.tick()
        (failed,) = world.history(broken)
        assert failed.outcome == "failed"
        assert "disabled" in str(failed.reason)
        world.tick()
        assert len(world.history(broken)) == 1, "an instant is tried once"
        set_published_status(world.workspace, world.pipeline.published_pipeline_id, EntityStatus.ACTIVE)
        world.tick(8 * MINUTE)
        assert world.instants(broken) == ["02 12:10"]

    def test_storage_trouble_is_tried_again(self, world: World):
        schedule, other = world.every("Hour"), world.every("Hour")
        world.engine.broken = StorageUnavailable("The task hub is away.")
        world.tick()
        assert world.history(schedule) == []
        world.engine.broken = None
        world.tick()
        assert world.instants(schedule) == world.instants(other) == ["02 12:00"]

    def test_history_keeps_the_newest_lines(self, world: World, monkeypatch):
        monkeypatch.setattr(trigger_history, "KEPT_EVENTS", 5)
        schedule = world.every("Minute")
        for _ in range(6):
            world.tick(3 * MINUTE)
        lines = world.workspace.services.catalogue.all(TriggerEvent, prefix=f"{schedule.schedule_id}/")
        assert len(lines) >= 5
        world.clock.time = world.clock.time.replace(minute=59)
        world.tick()
        assert len(world.history(schedule)) == 5
