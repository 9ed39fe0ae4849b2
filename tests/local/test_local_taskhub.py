"""The hub's semantics, through the real durable client and the real orchestration executor."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from durabletask import task
from durabletask.client import OrchestrationQuery, OrchestrationStatus
from durabletask.entities import EntityInstanceId
from durabletask.internal import orchestrator_service_pb2 as pb

from local import instance_table
from local.instance_table import InstanceTable
from local.instances import Instance
from tests.local.hub_harness import Harness, in_hub, until

# The durable library warns once per process about its own converter.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning")


def double(n):
    return 2 * n


async def slow(seconds):
    await asyncio.sleep(seconds)
    return seconds


def fail(message):
    raise LookupError(message)


def wide(ctx, count):
    results = yield task.when_all([ctx.call_activity("double", input=i) for i in range(count)])
    return sum(results)


def tree(ctx, count):
    results = yield task.when_all([ctx.call_sub_orchestrator("leaf", input=i) for i in range(count)])
    return sum(results)


def leaf(ctx, n):
    return (yield ctx.call_activity("double", input=n))


def waiter(ctx, name):
    return (yield ctx.wait_for_external_event(name))


def test_fans_out_to_200_activities_and_never_more_at_once_than_allowed():
    harness = Harness([wide], [double], max_activities=7)

    async def check(h):
        assert (await h.run("wide", 200)).get_output() == 200 * 199
        assert h.most_running <= 7
        assert h.turns < 200  # results that arrive together share a turn

    in_hub(harness, check)


def test_fans_out_to_200_sub_orchestrations():
    async def check(h):
        assert (await h.run("tree", 200)).get_output() == 200 * 199

    in_hub(Harness([tree, leaf], [double]), check)


def test_child_knows_its_parent_and_its_default_id():
    def parent(ctx, _):
        return (yield ctx.call_sub_orchestrator("child"))

    def child(ctx, _):
        return [ctx.instance_id, ctx.parent_instance_id]

    async def check(h):
        assert (await h.run("parent", instance_id="p")).get_output() == ["p:0001", "p"]

    in_hub(Harness([parent, child]), check)


def test_event_that_arrives_before_the_wait_is_kept():
    def late(ctx, _):
        yield ctx.call_activity("slow", input=0.2)
        first = yield ctx.wait_for_external_event("go")
        second = yield ctx.wait_for_external_event("go")
        return [first, second]

    async def check(h):
        instance_id = await h.start("late")
        await h.client.raise_orchestration_event(instance_id, "GO", data=1)
        await h.client.raise_orchestration_event(instance_id, "go", data={"n": 2})
        assert (await h.end(instance_id)).get_output() == [1, {"n": 2}]

    in_hub(Harness([late], [slow]), check)


def test_timer_fires_not_before_its_time_and_moves_the_clock():
    def timed(ctx, _):
        began = ctx.current_utc_datetime
        yield ctx.create_timer(timedelta(seconds=0.3))
        return (ctx.current_utc_datetime - began).total_seconds()

    async def check(h):
        began = time.monotonic()
        state = await h.run("timed")
        assert state.get_output() >= 0.3
        assert time.monotonic() - began > 0.25

    in_hub(Harness([timed]), check)


def test_continue_as_new_carries_events_and_starts_a_new_execution():
    def collect(ctx, seen):
        seen = [*seen, (yield ctx.wait_for_external_event("item"))]
        if len(seen) < 20:
            ctx.continue_as_new(seen, save_events=True)
            return None
        return seen

    async def check(h):
        instance_id = await h.start("collect", [])
        first = h.hub.instances.get(instance_id).execution.execution_id
        for number in range(20):
            await h.client.raise_orchestration_event(instance_id, "item", data=number)
        assert h.hub.instances.get(instance_id).execution is None or (
            h.hub.instances.get(instance_id).execution.execution_id != first
        )
        assert (await h.end(instance_id)).get_output() == list(range(20))

    in_hub(Harness([collect]), check)


def test_results_of_an_older_execution_complete_nothing_in_the_new_one():
    # Every kind of pending task is number 1 of its execution; the second execution's own number 1 must win.
    def restless(ctx, generation):
        if generation == 0:
            early = ctx.create_timer(timedelta(seconds=0.3))
            late = ctx.call_activity("slow", input=0.3)
            child = ctx.call_sub_orchestrator("napper", input=0.3, instance_id="nap-0")
            tick = ctx.create_timer(timedelta(seconds=0.05))
            yield task.when_any([early, late, child, tick])
            ctx.continue_as_new(1)
            return None
        began = ctx.current_utc_datetime
        first = yield task.when_all(
            [
                ctx.create_timer(timedelta(seconds=1.0)),
                ctx.call_activity("slow", input=0.8),
                ctx.call_sub_orchestrator("napper", input=0.9, instance_id="nap-1"),
            ]
        )
        return [first[1:], (ctx.current_utc_datetime - began).total_seconds() >= 1.0]

    def napper(ctx, seconds):
        yield ctx.create_timer(timedelta(seconds=seconds))
        return seconds

    async def check(h):
        assert (await h.run("restless", 0)).get_output() == [[0.8, 0.9], True]

    in_hub(Harness([restless, napper], [slow]), check)


def test_many_generations_leave_no_history_behind():
    def count(ctx, n):
        yield ctx.create_timer(timedelta(seconds=0))
        if n:
            ctx.continue_as_new(n - 1)
            return None
        return "done"

    async def check(h):
        state = await h.run("count", 100)
        assert state.get_output() == "done"
        assert h.hub.instances.get(state.instance_id).execution is None

    in_hub(Harness([count]), check)


def test_terminate_ends_the_instance_and_its_children():
    def parent(ctx, _):
        yield ctx.call_sub_orchestrator("waiter", input="never", instance_id="child")

    async def check(h):
        await h.start("parent", instance_id="parent")
        await until(lambda: h.hub.instances.get("child") is not None)
        await h.client.terminate_orchestration("parent", output="stop", recursive=True)
        state = await h.end("parent")
        assert state.runtime_status == OrchestrationStatus.TERMINATED
        assert state.get_output() == "stop"
        assert (await h.end("child")).runtime_status == OrchestrationStatus.TERMINATED

    in_hub(Harness([parent, waiter]), check)


def test_parent_of_a_terminated_child_sees_a_failure():
    def parent(ctx, _):
        try:
            yield ctx.call_sub_orchestrator("waiter", input="never", instance_id="child")
        except task.TaskFailedError as error:
            return error.details.error_type

    async def check(h):
        await h.start("parent", instance_id="parent")
        await until(lambda: h.hub.instances.get("child") is not None)
        await h.client.terminate_orchestration("child")
        assert (await h.end("parent")).get_output() == "OrchestrationTerminated"

    in_hub(Harness([parent, waiter]), check)


def test_activity_failure_carries_bare_type_and_message():
    def caller(ctx, _):
        try:
            yield ctx.call_activity("fail", input="it's gone: really")
        except task.TaskFailedError as error:
            return [error.details.error_type, error.details.message]

    async def check(h):
        assert (await h.run("caller")).get_output() == ["LookupError", "it's gone: really"]

    in_hub(Harness([caller], [fail]), check)


def test_failed_sub_orchestration_fails_the_parent_task_and_then_the_parent():
    def parent(ctx, catch):
        try:
            yield ctx.call_sub_orchestrator("broken")
        except task.TaskFailedError as error:
            if catch:
                return error.details.message
            raise

    def broken(ctx, _):
        raise ValueError("no luck")

    async def check(h):
        assert "no luck" in (await h.run("parent", "catch")).get_output()
        state = await h.run("parent", "")
        assert state.runtime_status == OrchestrationStatus.FAILED
        assert "no luck" in state.failure_details.message

    in_hub(Harness([parent, broken]), check)


def test_retry_policy_calls_again():
    calls = []

    def flaky(n):
        calls.append(n)
        if len(calls) < 3:
            raise ConnectionError("try again")
        return len(calls)

    def persistent(ctx, _):
        policy = task.RetryPolicy(first_retry_interval=timedelta(seconds=0.05), max_number_of_attempts=5)
        return (yield ctx.call_activity("flaky", input=1, retry_policy=policy))

    async def check(h):
        assert (await h.run("persistent")).get_output() == 3

    in_hub(Harness([persistent], [flaky]), check)


def test_live_id_is_refused_and_finished_id_starts_again():
    async def check(h):
        await h.start("waiter", "go", "one")
        with pytest.raises(grpc.RpcError) as caught:
            await h.start("waiter", "go", "one")
        assert caught.value.code() == grpc.StatusCode.ALREADY_EXISTS
        await h.client.raise_orchestration_event("one", "go", data=1)
        assert (await h.end("one")).get_output() == 1
        await h.start("waiter", "go", "one")
        await h.client.raise_orchestration_event("one", "go", data=2)
        assert (await h.end("one")).get_output() == 2

    in_hub(Harness([waiter]), check)


def test_reuse_policy_decides():
    def policy(*statuses: Any) -> pb.OrchestrationIdReusePolicy:
        return pb.OrchestrationIdReusePolicy(replaceableStatus=statuses)

    async def check(h):
        await h.start("waiter", "go", "one")
        await h.client.wait_for_orchestration_start("one", timeout=60)
        await h.start("waiter", "other", "one", reuse_id_policy=policy(pb.ORCHESTRATION_STATUS_RUNNING))
        await h.client.raise_orchestration_event("one", "other", data=1)
        assert (await h.end("one")).get_output() == 1
        with pytest.raises(grpc.RpcError):
            await h.start("waiter", "go", "one", reuse_id_policy=policy(pb.ORCHESTRATION_STATUS_FAILED))

    in_hub(Harness([waiter]), check)


def test_child_whose_id_is_live_fails_the_parents_task():
    def parent(ctx, _):
        try:
            yield ctx.call_sub_orchestrator("waiter", input="go", instance_id="taken")
        except task.TaskFailedError as error:
            return error.details.error_type

    async def check(h):
        await h.start("waiter", "go", "taken")
        assert (await h.run("parent")).get_output() == "AlreadyExistsError"

    in_hub(Harness([parent, waiter]), check)


def test_orchestrations_send_events_to_each_other():
    def sender(ctx, target):
        ctx.send_event(target, "go", data={"from": ctx.instance_id})
        ctx.send_event("nobody", "go", data=1)
        yield ctx.create_timer(timedelta(seconds=0))
        return "sent"

    async def check(h):
        await h.start("waiter", "go", "w")
        assert (await h.run("sender", "w", "s")).get_output() == "sent"
        assert (await h.end("w")).get_output() == {"from": "s"}

    in_hub(Harness([sender, waiter]), check)


def test_suspended_instance_keeps_events_until_resumed():
    async def check(h):
        await h.start("waiter", "go", "w")
        await h.client.wait_for_orchestration_start("w", timeout=60)
        await h.client.suspend_orchestration("w")
        await h.client.raise_orchestration_event("w", "go", data=1)
        await asyncio.sleep(0.1)
        assert (await h.client.get_orchestration_state("w")).runtime_status == OrchestrationStatus.SUSPENDED
        await h.client.resume_orchestration("w")
        assert (await h.end("w")).get_output() == 1

    in_hub(Harness([waiter]), check)


def test_events_for_unknown_and_finished_instances_are_errors():
    async def check(h):
        with pytest.raises(grpc.RpcError) as caught:
            await h.client.raise_orchestration_event("nobody", "go")
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND
        await h.run("wide", 1, "done")
        with pytest.raises(grpc.RpcError) as caught:
            await h.client.raise_orchestration_event("done", "go")
        assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION

    in_hub(Harness([wide], [double]), check)


def test_query_purge_and_restart():
    async def check(h):
        for number in range(5):
            await h.run("wide", 1, f"a-{number}")
        await h.start("waiter", "go", "b")
        every = OrchestrationQuery(max_instance_count=2, fetch_inputs_and_outputs=True)
        found = await h.client.get_all_orchestration_states(every)
        assert [state.instance_id for state in found] == ["a-0", "a-1", "a-2", "a-3", "a-4", "b"]
        assert (await h.client.purge_orchestration("b")).deleted_instance_count == 0
        assert (await h.client.purge_orchestration("a-0")).deleted_instance_count == 1
        assert await h.client.get_orchestration_state("a-0") is None
        await h.client.restart_orchestration("a-1")
        assert (await h.end("a-1")).get_output() == 0

    in_hub(Harness([wide, waiter], [double]), check)


def test_custom_status_and_history_of_a_live_instance():
    def reporter(ctx, _):
        ctx.set_custom_status({"at": 1})
        yield ctx.call_activity("double", input=1)
        yield ctx.wait_for_external_event("go")

    async def check(h):
        await h.start("reporter", instance_id="r")
        await until(lambda: len(h.hub.instances.get("r").execution.history()) >= 4)
        assert (await h.client.get_orchestration_state("r")).get_custom_status() == {"at": 1}
        assert len(await h.client.get_orchestration_history("r")) >= 4

    in_hub(Harness([reporter], [double]), check)


def test_entities_fail_clearly():
    def caller(ctx, _):
        yield ctx.call_entity(EntityInstanceId("counter", "a"), "add", 1)

    async def check(h):
        state = await h.run("caller")
        assert state.runtime_status == OrchestrationStatus.FAILED
        assert "entities" in state.failure_details.message
        with pytest.raises(grpc.RpcError) as caught:
            await h.client.signal_entity(EntityInstanceId("counter", "a"), "add", input=1)
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED

    in_hub(Harness([caller]), check)


def test_delayed_start_waits():
    async def check(h):
        began = time.monotonic()
        await h.start("wide", 1, "later", start_at=datetime.now(UTC) + timedelta(seconds=1.5))
        assert (await h.client.get_orchestration_state("later")).runtime_status == OrchestrationStatus.PENDING
        await h.end("later")
        assert time.monotonic() - began > 1.4

    in_hub(Harness([wide], [double]), check)


def test_unknown_orchestrator_fails_its_instance_only():
    async def check(h):
        state = await h.run("nothing")
        assert state.runtime_status == OrchestrationStatus.FAILED
        assert (await h.run("wide", 2)).get_output() == 2

    in_hub(Harness([wide], [double]), check)


def test_wait_ends_at_the_callers_deadline():
    async def check(h):
        await h.start("waiter", "go", "w")
        with pytest.raises((TimeoutError, grpc.RpcError)):
            await h.client.wait_for_orchestration_completion("w", timeout=0.3)

    in_hub(Harness([waiter]), check)


def test_long_history_stays_cheap():
    def long(ctx, count):
        for number in range(count):
            yield ctx.call_activity("double", input=number)
        return count

    async def check(h):
        assert (await h.run("long", 250)).get_output() == 250

    in_hub(Harness([long], [double]), check)


def test_finished_records_are_bounded():
    table = InstanceTable(kept_records=3)
    for number in range(10):
        instance = Instance(instance_id=str(number), name="x")
        table.add(instance)
        table.keep_record(instance)
    assert [item.instance_id for item in table] == ["7", "8", "9"]
    small = InstanceTable(kept_bytes=2000)
    for number in range(10):
        instance = Instance(instance_id=str(number), name="x", output="o" * 1000)
        small.add(instance)
        small.keep_record(instance)
    assert [item.instance_id for item in small] == ["9"]
    assert instance_table.AlreadyExistsError.__doc__
