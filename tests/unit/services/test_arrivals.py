"""Files that arrive: by events and by listings, in bursts, twice, after a crash; each version counts once."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.core.errors import StorageUnavailable
from shared.core.schedules import Arrival, ArrivalWindow
from shared.services import arrival_windows, arrivals, listings
from shared.services.arrival_windows import start_window
from shared.services.arrivals import blob_arrived, is_pending, watched_folders
from shared.services.schedule_requests import ScheduleChange
from shared.services.schedules import delete_schedule, update_schedule
from tests.unit.services.scheduling import MINUTE, World


def arrive(world: World, *paths: str, data: bytes = b"x") -> None:
    for path in paths:
        world.put(path, data)
        blob_arrived(world.workspace, world.engine, path)


def dies(*_args: object, **_kwargs: object) -> None:
    raise RuntimeError("the process ended here")


def lists(world: World, schedule) -> list[list[str]]:
    """The files that each run was given."""
    return [json.loads(str(run.parameters["files"])) for run in world.runs(schedule)]


class TestBursts:
    def test_many_files_start_one_run_with_their_list(self, world: World):
        schedule = world.waiting(file_list_parameter="files")
        arrive(world, *(f"inbox/{number}.csv" for number in range(20)))
        assert set(world.engine.collecting) == {schedule.schedule_id}
        world.collect(schedule)
        assert [sorted(each) for each in lists(world, schedule)] == [sorted(f"inbox/{n}.csv" for n in range(20))]
        (event,) = world.history(schedule)
        assert (event.outcome, event.file_count) == ("started", 20)
        assert event.run_id == world.runs(schedule)[0].run_id
        assert not is_pending(world.workspace, schedule.schedule_id)

    def test_the_run_waits_until_it_is_quiet_but_not_for_ever(self, world: World):
        schedule = world.waiting(debounce_seconds=30)
        for number in range(40):
            arrive(world, f"inbox/{number}")
            wait = arrival_windows.start_window(world.workspace, world.engine, schedule.schedule_id)
            assert wait is not None
            if wait == 0:
                break
            world.clock.time += timedelta(seconds=20)
        assert number == 15, "thirty seconds, ten times"
        assert len(world.runs(schedule)) == 1

    def test_one_run_for_each_file_as_in_v1(self, world: World):
        schedule = world.waiting(data_path_parameter="data")
        arrive(world, "inbox/a", "inbox/b")
        world.collect(schedule)
        found = [run.parameters["data"].path for run in world.runs(schedule)]  # type: ignore[union-attr]
        assert sorted(found) == ["inbox/a", "inbox/b"]

    def test_several_files_are_handed_over_as_their_folder(self, world: World):
        schedule = world.waiting(data_path_parameter="data", file_list_parameter="files")
        arrive(world, "inbox/a", "inbox/b")
        world.collect(schedule)
        arrive(world, "inbox/c")
        world.collect(schedule)
        assert [run.parameters["data"].path for run in world.runs(schedule)] == ["inbox", "inbox/c"]  # type: ignore[union-attr]

    def test_what_is_too_much_for_one_list_comes_with_the_next_run(self, world: World, monkeypatch):
        monkeypatch.setattr(arrival_windows, "MAX_LIST_CHARACTERS", 60)
        schedule = world.waiting(file_list_parameter="files")
        paths = [f"inbox/{number:04d}.csv" for number in range(8)]
        arrive(world, *paths)
        world.collect(schedule)
        found = lists(world, schedule)
        assert len(found) > 1
        assert sorted(path for each in found for path in each) == paths


class TestOnce:
    def test_an_event_that_is_told_twice_is_one(self, world: World):
        schedule = world.waiting()
        arrive(world, "inbox/a")
        world.collect(schedule)
        for _ in range(3):
            blob_arrived(world.workspace, world.engine, "inbox/a")
            world.collect(schedule)
        assert len(world.runs(schedule)) == 1

    def test_a_changed_file_arrives_again(self, world: World):
        schedule = world.waiting()
        for data in (b"1", b"2"):
            arrive(world, "inbox/a", data=data)
            world.collect(schedule)
        assert len(world.runs(schedule)) == 2

    @pytest.mark.parametrize("events_first", [True, False])
    def test_events_and_listings_together_start_one_run(self, world: World, events_first):
        schedule = world.waiting(file_list_parameter="files")
        world.put("inbox/a")
        looks = [lambda: blob_arrived(world.workspace, world.engine, "inbox/a"), lambda: world.tick(6 * MINUTE)]
        for look in looks if events_first else looks[::-1]:
            look()
            world.collect(schedule)
        for _ in range(3):
            world.tick(40 * MINUTE)
            world.collect(schedule)
        blob_arrived(world.workspace, world.engine, "inbox/a")
        world.collect(schedule)
        assert lists(world, schedule) == [["inbox/a"]]
        assert world.workspace.services.catalogue.all(Arrival) == [], "old rows are dropped once a listing knows them"

    def test_what_lay_there_before_has_not_arrived(self, world: World):
        world.put("inbox/old")
        schedule = world.waiting()
        blob_arrived(world.workspace, world.engine, "inbox/old")
        world.tick(6 * MINUTE)
        world.collect(schedule)
        assert world.runs(schedule) == []

    def test_what_came_while_it_was_disabled_has_not_arrived(self, world: World):
        schedule = world.waiting()
        update_schedule(world.workspace, schedule.schedule_id, ScheduleChange.model_validate({"status": "Disabled"}))
        arrive(world, "inbox/a")
        world.clock.time += MINUTE
        update_schedule(world.workspace, schedule.schedule_id, ScheduleChange.model_validate({"status": "Active"}))
        blob_arrived(world.workspace, world.engine, "inbox/a")
        world.tick(6 * MINUTE)
        assert not is_pending(world.workspace, schedule.schedule_id)

    def test_what_came_before_another_trigger_is_not_handed_to_it(self, world: World):
        schedule = world.waiting(file_list_parameter="files", debounce_seconds=60)
        arrive(world, "inbox/a")
        world.clock.time += timedelta(seconds=5)
        other = {"datastore": "workspaceblobstore", "path": "other", "file_list_parameter": "files"}
        change = ScheduleChange.model_validate({"datastore_trigger": other})
        update_schedule(world.workspace, schedule.schedule_id, change)
        arrive(world, "other/b")
        world.collect(schedule)
        assert lists(world, schedule) == [["other/b"]]
        (ignored,) = [event for event in world.history(schedule) if event.outcome == "ignored"]
        assert ignored.files == ("inbox/a",)

    def test_a_look_that_began_before_another_trigger_does_not_spoil_its_list(self, world: World, monkeypatch):
        world.put("inbox/old")
        world.put("other/old")
        schedule = world.waiting()
        other = {"datastore": "workspaceblobstore", "path": "other"}
        real = listings.watched_files

        def slow(workspace, trigger):
            monkeypatch.undo()
            found = real(workspace, trigger)
            change = ScheduleChange.model_validate({"datastore_trigger": other})
            update_schedule(workspace, schedule.schedule_id, change)
            return {**found, "inbox/new": "1"}

        monkeypatch.setattr(arrivals, "watched_files", slow)
        world.tick(6 * MINUTE)
        world.tick(6 * MINUTE)
        world.collect(schedule)
        assert world.runs(schedule) == [], "`other/old` was there before"

    def test_a_change_that_fails_loses_no_file(self, world: World, monkeypatch):
        schedule = world.waiting(file_list_parameter="files")
        world.put("inbox/a")
        monkeypatch.setattr(world.workspace.services.catalogue, "replace", dies)
        change = {"datastore": "workspaceblobstore", "path": "inbox", "pattern": "*"}
        world.clock.time += MINUTE
        with pytest.raises(RuntimeError):
            update_schedule(
                world.workspace, schedule.schedule_id, ScheduleChange.model_validate({"datastore_trigger": change})
            )
        monkeypatch.undo()
        world.tick(6 * MINUTE)
        world.collect(schedule)
        assert lists(world, schedule) == [["inbox/a"]]

    def test_without_any_event_the_listing_finds_it(self, world: World):
        schedule = world.waiting(polling_interval_minutes=7)
        world.put("inbox/a")
        world.tick(6 * MINUTE)
        assert world.engine.collecting == []
        world.tick()
        assert world.engine.collecting == [schedule.schedule_id]


class TestCrashes:
    @pytest.mark.parametrize("point", ["put", "delete", "tell", "start_scheduled_run"])
    @pytest.mark.parametrize("each", [True, False])
    def test_a_window_that_was_cut_off_is_finished_with_the_same_runs(self, world: World, point, each, monkeypatch):
        schedule = world.waiting(data_path_parameter="data", **({} if each else {"file_list_parameter": "files"}))
        arrive(world, "inbox/a", "inbox/b", "inbox/c")
        target = world.workspace.services.catalogue if point in {"put", "delete"} else arrival_windows
        real, calls = getattr(target, point), []

        def dies_in_the_second_call(*args, **kwargs):
            calls.append(args)
            if len(calls) >= (2 if each and target is arrival_windows else 1):
                raise RuntimeError("the process ended here")
            return real(*args, **kwargs)

        monkeypatch.setattr(target, point, dies_in_the_second_call)
        with pytest.raises(RuntimeError):
            world.collect(schedule)
        monkeypatch.undo()
        arrive(world, "inbox/d")
        world.tick()
        assert schedule.schedule_id in world.engine.collecting, "the timer takes up what was left"
        world.collect(schedule)
        runs = world.runs(schedule)
        assert len(runs) == (4 if each else 2)
        assert len(world.history(schedule)) == len(runs)
        if not each:
            assert sorted(sorted(found) for found in lists(world, schedule)) == [
                ["inbox/a", "inbox/b", "inbox/c"],
                ["inbox/d"],
            ]
        assert world.workspace.services.catalogue.all(ArrivalWindow) == []

    @pytest.mark.parametrize("each", [True, False])
    def test_two_that_collect_at_the_same_time_start_the_same_runs(self, world: World, each):
        schedule = world.waiting(data_path_parameter="data", **({} if each else {"file_list_parameter": "files"}))
        arrive(world, "inbox/a", "inbox/b")
        world.clock.time += timedelta(minutes=5)
        barrier = threading.Barrier(4)

        def collect(_: int) -> None:
            barrier.wait()
            while start_window(world.workspace, world.engine, schedule.schedule_id) is not None:
                pass

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(collect, range(4)))
        assert len(world.runs(schedule)) == len(world.history(schedule)) == (2 if each else 1)
        assert not is_pending(world.workspace, schedule.schedule_id)

    def test_who_read_the_arrivals_too_early_repeats_none(self, world: World, monkeypatch):
        schedule = world.waiting(file_list_parameter="files")
        arrive(world, "inbox/a")
        opens = arrival_windows._open

        def slow(workspace, schedule, trigger, pending):
            monkeypatch.undo()
            world.collect(schedule)  # Somebody else is faster with what was read ...
            arrive(world, "inbox/b")
            more = [*pending, *workspace.services.catalogue.all(Arrival)]
            return opens(workspace, schedule, trigger, more)  # ... and more.

        monkeypatch.setattr(arrival_windows, "_open", slow)
        world.collect(schedule)
        assert lists(world, schedule) == [["inbox/a"], ["inbox/b"]]

    def test_a_submit_that_storage_refused_is_made_again(self, world: World):
        schedule = world.waiting()
        arrive(world, "inbox/a")
        world.engine.broken = StorageUnavailable("The task hub is away.")
        with pytest.raises(StorageUnavailable):
            world.collect(schedule)
        world.engine.broken = None
        world.collect(schedule)
        assert len(world.runs(schedule)) == len(world.history(schedule)) == 1

    def test_a_deleted_schedule_leaves_nothing(self, world: World):
        schedule = world.waiting()
        arrive(world, "inbox/a")
        delete_schedule(world.workspace, schedule.schedule_id)
        world.collect(schedule)
        world.tick()
        assert world.history(schedule) == []
        assert world.workspace.services.catalogue.all(Arrival) == []


class TestWhichFilesCount:
    @pytest.mark.parametrize(
        ("trigger", "counts"),
        [
            ({}, {"inbox/a.csv", "inbox/a.txt"}),
            ({"include_subfolders": True}, {"inbox/a.csv", "inbox/a.txt", "inbox/deep/a.csv"}),
            ({"pattern": "*.csv"}, {"inbox/a.csv"}),
            ({"pattern": "**/*.csv", "include_subfolders": True}, {"inbox/a.csv", "inbox/deep/a.csv"}),
            ({"path": ""}, {"a.csv"}),
            ({"path": "", "include_subfolders": True, "pattern": "**/*.csv"}, {
                "a.csv", "inbox/a.csv", "inbox/deep/a.csv", "inboxes/a.csv",
            }),
            ({"path": "azureml", "include_subfolders": True}, {"azureml/run/out/a.csv"}),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("by_event", [True, False])
    def test_folder_pattern_and_the_outputs_of_runs(self, world: World, trigger, counts, by_event):
        schedule = world.waiting(**{"file_list_parameter": "files", **trigger})
        files = ["a.csv", "inbox/a.csv", "inbox/a.txt", "inbox/deep/a.csv", "inboxes/a.csv", "azureml/run/out/a.csv"]
        for path in files:
            world.put(path)
            if by_event:
                blob_arrived(world.workspace, world.engine, path)
        world.tick(10 * MINUTE)
        world.collect(schedule)
        (found,) = lists(world, schedule)
        assert set(found) == counts

    def test_what_is_ignored_is_told_with_the_reason(self, world: World):
        schedule = world.waiting(pattern="*.csv")
        arrive(world, "inbox/deep/a.csv", "inbox/a.txt", "elsewhere/a.csv", "azureml/x/a.csv")
        told = {event.files: str(event.reason) for event in world.history(schedule) if event.outcome == "ignored"}
        assert "sub-folder" in told[("inbox/deep/a.csv",)]
        assert "*.csv" in told[("inbox/a.txt",)]
        assert len(told) == 2

    def test_more_files_than_can_be_watched_are_told_once_a_look(self, world: World, monkeypatch):
        schedule = world.waiting()
        monkeypatch.setattr(listings, "MAX_WATCHED_FILES", 1)
        world.put("inbox/a")
        world.put("inbox/b")
        world.tick(6 * MINUTE)
        world.tick()
        (event,) = world.history(schedule)
        assert event.outcome == "failed"
        assert "at most 1" in str(event.reason)

    def test_the_host_learns_which_folders_to_look_at(self, world: World):
        world.every("Hour")
        assert watched_folders(world.workspace) == []
        world.waiting()
        world.waiting("b", include_subfolders=True)
        off = world.waiting("off")
        update_schedule(world.workspace, off.schedule_id, ScheduleChange.model_validate({"status": "Disabled"}))
        assert watched_folders(world.workspace) == [("b/", True), ("inbox/", False)]
