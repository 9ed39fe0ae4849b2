"""What REST says about runs: v1 `state` and v2 `status`, of tasks and of the run that they make up."""

from typing import Any

from local.emulators.documents import Document

_CREATOR = "emulator@localhost"
_WORST_FIRST = ("FAILED", "TIMEDOUT", "CANCELED", "UPSTREAM_FAILED", "UPSTREAM_CANCELED")
_ABNORMAL = {"TIMEDOUT", "CANCELED", "UPSTREAM_CANCELED"}
_TASK_FIELDS_NOT_ECHOED = frozenset({"task_key", "run_if"})


def task_view(run: Document, task: Document, base_url: str) -> dict[str, Any]:
    """A task of a run, as `runs/get` lists it."""
    echoed = {name: value for name, value in task["spec"].items() if name not in _TASK_FIELDS_NOT_ECHOED}
    if echoed.get("libraries") == []:
        del echoed["libraries"]
    return {
        "run_id": task["run_id"],
        "task_key": task["spec"]["task_key"],
        **echoed,
        "run_if": "ALL_SUCCESS",
        **_states(run, task),
        **_times(task),
        "run_page_url": _page(run, task["run_id"], base_url),
        "attempt_number": 0,
        "cluster_instance": {"cluster_id": task["cluster_id"], "spark_context_id": str(task["run_id"])},
    }


def run_view(run: Document, base_url: str, *, with_tasks: bool = True) -> dict[str, Any]:
    """A run, as `runs/get` answers; without tasks, as `runs/list` does."""
    tasks = run["tasks"]
    ends = [task["end_time"] for task in tasks]
    times = {
        "start_time": run["start_time"],
        "setup_duration": 0,
        "execution_duration": 0,
        "cleanup_duration": 0,
        "end_time": max(ends) if all(ends) else 0,
    }
    duration = {"run_duration": max(0, times["end_time"] - run["start_time"])} if times["end_time"] else {}
    view = {
        **_common(run),
        **_run_states(run),
        **times,
        **duration,
        "run_page_url": _page(run, run["run_id"], base_url),
    }
    return {**view, "tasks": [task_view(run, task, base_url) for task in tasks]} if with_tasks else view


def task_run_view(run: Document, task: Document, base_url: str) -> dict[str, Any]:
    """A task's own run, as metadata of its output."""
    return {
        **_common(run),
        "run_id": task["run_id"],
        "job_run_id": run["run_id"],
        "run_name": task["spec"]["task_key"],
        **_states(run, task),
        **_times(task),
        "run_page_url": _page(run, task["run_id"], base_url),
        "cluster_instance": {"cluster_id": task["cluster_id"], "spark_context_id": str(task["run_id"])},
    }


def is_over(run: Document) -> bool:
    """Whether every task has ended."""
    return all(task["end"] is not None for task in run["tasks"])


def _common(run: Document) -> dict[str, Any]:
    return {
        "job_id": run["job_id"],
        "run_id": run["run_id"],
        "run_name": run["name"],
        "creator_user_name": _CREATOR,
        "run_type": "SUBMIT_RUN",
        "trigger": "ONE_TIME",
        "number_in_job": run["run_id"],
        "attempt_number": 0,
    }


def _states(run: Document, task: Document) -> dict[str, Any]:
    """Both forms of a task's state."""
    end = task["end"]
    if end is None:
        return _unfinished("TERMINATING" if run["cancel_requested"] else task["life"])
    return _finished(end, end["life_cycle_state"], end["message"])


def _run_states(run: Document) -> dict[str, Any]:
    """Both forms of a run's state.

    A run with a failed task is INTERNAL_ERROR in v1, as Databricks has it, although the task is just TERMINATED.
    """
    ends = [task["end"] for task in run["tasks"]]
    if not is_over(run):
        lives = {"RUNNING" if task["end"] else task["life"] for task in run["tasks"]}
        order = ("TERMINATING", "RUNNING", "PENDING", "QUEUED")
        life = next((life for life in order if life in lives), "PENDING")
        return _unfinished("TERMINATING" if run["cancel_requested"] else life)
    failed = [task for task in run["tasks"] if task["end"]["result"] != "SUCCESS"]
    worst = min(failed, key=lambda task: _WORST_FIRST.index(task["end"]["result"]), default=None)
    if worst is None:
        return _finished(ends[-1], "TERMINATED", "")
    end = worst["end"]
    if end["result"] != "FAILED":
        return _finished(end, "TERMINATED", end["message"])
    message = f"Task {worst['spec']['task_key']} failed with message: {end['message']}."
    return _finished(end, "INTERNAL_ERROR", message)


def _unfinished(life: str) -> dict[str, Any]:
    messages = {"PENDING": "Waiting for cluster", "QUEUED": "Queued", "RUNNING": "In run", "TERMINATING": "Stopping"}
    state = {"life_cycle_state": life, "state_message": messages.get(life, ""), "user_cancelled_or_timedout": False}
    status: dict[str, Any] = {"state": life}
    if life == "QUEUED":
        status["queue_details"] = {"code": "ACTIVE_RUNS_LIMIT_REACHED", "message": "The run waits in the queue."}
    return {"state": state, "status": status}


def _finished(end: Document, life: str, message: str) -> dict[str, Any]:
    return {
        "state": {
            "life_cycle_state": life,
            "result_state": end["result"],
            "state_message": message,
            "user_cancelled_or_timedout": end["result"] in _ABNORMAL,
        },
        "status": {
            "state": "TERMINATED",
            "termination_details": {"code": end["code"], "type": end["type"], "message": message},
        },
    }


def _times(task: Document) -> dict[str, int]:
    """Start, end and durations in milliseconds; those that have not come are 0."""
    start, ran, end = task["start_time"], task["running_time"], task["end_time"]
    return {
        "start_time": start,
        "setup_duration": max(0, (ran or end) - start) if start and (ran or end) else 0,
        "execution_duration": max(0, end - ran) if ran and end else 0,
        "cleanup_duration": 0,
        "end_time": end,
    }


def _page(run: Document, run_id: int, base_url: str) -> str:
    return f"{base_url.rstrip('/')}/?o=1#job/{run['job_id']}/run/{run_id}"
