"""How much of everything a month takes: each part a number with the words that explain it.

Executions are counted as if none overlapped with another, because an instance bills the time in which it executes
anything: that is the most that it can be.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from pipeyard._cost.measured import looks
from pipeyard._cost.workload import DAYS, HOURS, MINUTES, Workload

MB_PER_GB = 1000
MB_PER_GIB = 1024
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a quantity.

    Attributes:
        quantity: How many, in a month.
        because: The formula in words.
    """

    quantity: float
    because: str


class Usage:
    """The parts of each meter's quantity for one month."""

    def __init__(self, workload: Workload, counts: Mapping[str, float], minimum_seconds: float) -> None:
        self.parts: dict[str, list[Part]] = defaultdict(list)
        self._load = workload
        self._counts = counts
        self._looks = looks(workload.seconds, counts)
        self._add_waiting()
        self._add_runs()
        self._add_looks()
        self._add_visits()
        self._add_time(minimum_seconds)
        self._add_resources()

    def quantity(self, meter: str) -> float:
        """All parts together."""
        return sum(part.quantity for part in self.parts[meter])

    def _add(self, meter: str, times: float, each: float, because: str) -> None:
        if times * each:
            self.parts[meter].append(Part(times * each, f"{because}: {_number(times)} times {_number(each)}"))

    def _add_waiting(self) -> None:
        """What happens while nothing happens."""
        count, load = self._counts, self._load
        self._add("functions_executions", MINUTES, count["timers_each_minute"], "minutes, timers in each")
        self._add("functions_executions", HOURS, count["timers_each_hour"], "hours, timers in each")
        self._add("table_transactions", MINUTES, count["tick_table"], "minutes, requests of the timer")
        for number, name, what in (
            (load.schedules, "schedule_tick_table", "schedules by time"),
            (load.watched_folders, "watched_tick_table", "watched folders"),
        ):
            self._add("table_transactions", MINUTES * number, count[name], f"minutes of {what}, requests")
        listings = MINUTES / load.polling_minutes * load.watched_folders
        for meter, name in (
            ("table_transactions", "listing_table"),
            ("blob_lists", "listing_blob_list"),
            ("blob_reads", "listing_blob_read"),
            ("blob_writes", "listing_blob_write"),
        ):
            self._add(meter, listings, count[name], "listings of watched folders, requests")
        queues, peeks = count["hub_queues"], MINUTES * count["hub_peeks_each_minute"]
        each = count["hub_requests_each_peek"]
        self._add(
            "queue_operations", peeks * queues, each, "looks of the platform at a queue of the task hub, requests"
        )
        self._add("blob_other", MINUTES, count["lock_renewals_each_minute"], "minutes, locks of the host renewed")
        self._add(
            "blob_other", peeks, count["hub_blob_other_each_peek"], "looks of the platform at the task hub's blob"
        )
        self._add(
            "blob_reads", peeks, count["hub_blob_reads_each_peek"], "looks of the platform at the task hub's blob"
        )

    def _add_runs(self) -> None:
        load = self._load
        for times, name, what in (
            (load.runs, "run", "runs"),
            (load.steps_run, "step_run", "steps that run"),
            (load.steps_reused, "step_reused", "steps that are reused"),
        ):
            activities, turns = self._counts[f"{name}_activities"], self._counts[f"{name}_turns"]
            calls = self._counts[f"{name}_http"] + self._counts[f"{name}_job_ended"]
            self._add("functions_executions", times, activities + turns + calls, f"{what}, executions")
            self._add_engine(times, activities, turns, what)
            self._add("table_transactions", times, self._counts[f"{name}_table"], f"{what}, requests")
            for meter, kind in (("blob_writes", "write"), ("blob_reads", "read"), ("blob_other", "other")):
                self._add(meter, times, self._counts[f"{name}_blob_{kind}"], f"{what}, requests")
            self._add("blob_lists", times, self._counts[f"{name}_blob_list"], f"{what}, requests")
        self._add("key_vault_operations", load.steps_run, self._counts["step_run_key_vault"], "steps that run, at most")

    def _add_looks(self) -> None:
        """What longer jobs add: somebody looks at them."""
        times, turns, what = self._load.steps_run * self._looks, self._counts["look_turns"], "looks at jobs under way"
        self._add("functions_executions", times, 1 + turns, f"{what}, executions")
        self._add_engine(times, 1, turns, what)
        self._add("table_transactions", times, self._counts["look_table"], f"{what}, requests")

    def _add_engine(self, times: float, activities: float, turns: float, what: str) -> None:
        """Messages and histories of Durable Functions, on queues and tables of the host's account."""
        messages = self._counts["engine_queue_each_message"] * (activities + turns)
        self._add("queue_operations", times, messages, f"{what}, requests of the engine")
        rows = self._counts["engine_table_each_turn"] * turns
        self._add("table_transactions", times, rows, f"{what}, requests of the engine")

    def _add_visits(self) -> None:
        """Requests of people and programs, and files that arrive."""
        requests, files = self._load.requests_per_day * DAYS, self._load.files_per_day * DAYS
        self._add("functions_executions", requests, 1, "requests to the API")
        self._add("table_transactions", requests, self._counts["request_table"], "requests to the API, requests")
        self._add("functions_executions", files, 1, "files that arrive")
        self._add("table_transactions", files, self._counts["arrival_table"], "files that arrive, requests")
        self._add("blob_reads", files, 1, "files that arrive, read by the host")
        self._add("event_grid_operations", files, self._counts["event_grid_each_file"], "files, told and delivered")

    def _add_time(self, minimum_seconds: float) -> None:
        gigabytes = self._load.memory_mb / MB_PER_GIB
        because = f"executions, at {_number(minimum_seconds)} s and {_number(gigabytes)} GB"
        executions = self.quantity("functions_executions")
        self._add("functions_gb_seconds", executions, minimum_seconds * gigabytes, because)

    def _add_resources(self) -> None:
        load, count = self._load, self._counts
        self._add("log_gb", DAYS, load.log_mb / MB_PER_GB, "days, GB of logs on each")
        self._add("stored_gb", load.stored_gb, 1, "GB kept")
        if load.alerts:
            self._add("log_alert_rules", count["log_alert_rules"], 1, "rules")
            self._add("metric_alert_series", count["metric_alert_series"], 1, "series")
        if load.network:
            self._add("private_endpoint_hours", HOURS, count["private_endpoints"], "hours, endpoints")
            self._add("private_dns_zones", count["private_dns_zones"], 1, "zones")
        if load.vm is not None:
            hours = load.seconds * load.nodes / SECONDS_PER_HOUR
            self._add("machine_hours", load.steps_run, hours, "steps that run, hours of all their machines")


def _number(value: float) -> str:
    """As people write it: no decimals that say nothing."""
    text = f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"
    return text.rstrip("0").rstrip(".") if "." in text else text
