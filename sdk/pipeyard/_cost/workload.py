"""What somebody does with a workspace in a month, in the words of the command line."""

import math
from dataclasses import dataclass, fields

from pipeyard.exceptions import Fault, UserErrorException

HOURS = 730.0
"""Of a month, as Azure's own calculators count: 365 days by 12."""
MINUTES = HOURS * 60
DAYS = HOURS / 24
LONGEST_STEP_SECONDS = 3 * 24 * 60 * 60
INSTANCE_SIZES = (512, 2048, 4096)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A month's work. All zero is a workspace that waits.

    Attributes:
        runs_per_day: On average over the whole month.
        steps: Of each run.
        reused: Share of them whose result is reused, from 0 to 1.
        seconds: That a step which runs takes on its compute.
        requests_per_day: That people and programs make besides submits: status, logs, waiting for a run.
        files_per_day: That are put onto the default datastore from outside.
        schedules: Active ones, by time.
        watched_folders: Active schedules that wait for files.
        polling_minutes: Between two listings of a watched folder.
        log_mb: Megabytes of logs, traces and metrics that are taken in on a day.
        stored_gb: Gigabytes of blobs kept on average.
        memory_mb: Of an instance of the app.
        nodes: That each step runs on.
        vm: Size of these machines, None leaves compute out.
        alerts: Whether there are alerts.
        network: Whether the workspace has a network of its own.
    """

    runs_per_day: float = 0.0
    steps: float = 0.0
    reused: float = 0.0
    seconds: float = 0.0
    requests_per_day: float = 0.0
    files_per_day: float = 0.0
    schedules: int = 0
    watched_folders: int = 0
    polling_minutes: float = 5.0
    log_mb: float = 0.0
    stored_gb: float = 0.0
    memory_mb: int = 2048
    nodes: int = 1
    vm: str | None = None
    alerts: bool = False
    network: bool = False

    @property
    def runs(self) -> float:
        """Of a month."""
        return self.runs_per_day * DAYS

    @property
    def steps_run(self) -> float:
        """Of a month, those that are really run."""
        return self.runs * self.steps * (1 - self.reused)

    @property
    def steps_reused(self) -> float:
        """Of a month, those that are not."""
        return self.runs * self.steps * self.reused

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            UserErrorException: Lists every fault.
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        numbers = {name: value for name, value in values.items() if isinstance(value, int | float)}
        faults = [
            Fault(f"/{name}", f"{value:g} is less than nothing." if value < 0 else f"{value} cannot be counted.")
            for name, value in numbers.items()
            if value < 0 or not math.isfinite(value)
        ]
        if self.seconds > LONGEST_STEP_SECONDS:
            faults.append(Fault("/seconds", "A step cannot take longer than three days: its signed addresses run out."))
        if self.reused > 1:
            faults.append(Fault("/reused", f"{self.reused:g} is more than all steps.", "Give a share from 0 to 1."))
        if self.memory_mb not in INSTANCE_SIZES:
            sizes = ", ".join(map(str, INSTANCE_SIZES))
            faults.append(Fault("/memory_mb", f"There are no instances of {self.memory_mb} MB.", f"Choose {sizes}."))
        if self.polling_minutes == 0:
            faults.append(Fault("/polling_minutes", "A folder is listed each minute at most."))
        if faults:
            raise UserErrorException("This month cannot be:", faults=faults)
