"""When trials start and when they end."""

import time
from collections.abc import Callable
from datetime import datetime

from pipeyard._core.sweep import HyperdriveSettings, parse_policy
from pipeyard._core.sweep_policies import hopeless
from pipeyard._core.sweep_space import Value
from pipeyard.exceptions import ServiceException, UserErrorException
from pipeyard.jobs import _step
from pipeyard.jobs.hyperdrive.report import line_of
from pipeyard.jobs.hyperdrive.sampler import Sampler
from pipeyard.jobs.hyperdrive.trials import Trial, TrialRuns

FIRST_PAUSE_SECONDS = 0.3
LAST_PAUSE_SECONDS = 5.0
PAUSE_GROWTH = 1.3
PATIENCE_SECONDS = 1800.0
"""How long the workspace may be away."""
TOO_MANY = 429


class Sweep:
    """A sweep under way.

    Attributes:
        trials: In the order of their numbers.
    """

    def __init__(self, settings: HyperdriveSettings, runs: TrialRuns, sampler: Sampler) -> None:
        self.trials: list[Trial] = []
        self._settings = settings
        self._policy = parse_policy(settings.policy)
        self._runs = runs
        self._sampler = sampler
        self._proposed: dict[int, dict[str, Value] | None] = {}
        self._exhausted = False
        self._deadline = 0.0

    def run(self) -> None:
        """Go on until every trial has ended.

        Raises:
            UserErrorException: The workspace refused a trial.
            ServiceException: The workspace was away for too long.
        """
        self._patiently(self._find)
        pause = FIRST_PAUSE_SECONDS
        while True:
            before = self._state()
            self._patiently(self._turn)
            if all(trial.ended for trial in self.trials) and self._is_complete():
                return
            pause = FIRST_PAUSE_SECONDS if self._state() != before else min(LAST_PAUSE_SECONDS, pause * PAUSE_GROWTH)
            time.sleep(pause)

    def cancel(self, seconds: float) -> None:
        """Cancel every trial that is under way, and wait for their ends for a limited time."""
        deadline = time.monotonic() + seconds
        running = [trial for trial in self.trials if not trial.ended]
        for trial in running:
            self._runs.cancel(trial)
        while running and time.monotonic() < deadline:
            for trial in running:
                self._runs.look(trial)
            running = [trial for trial in running if not trial.ended]
            time.sleep(FIRST_PAUSE_SECONDS)

    def _patiently(self, work: Callable[[], None]) -> None:
        """Bear with a workspace that is being restarted, or that takes no more runs at the moment."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                work()
            except (ServiceException, UserErrorException) as error:
                busy = isinstance(error, ServiceException) or error.status == TOO_MANY
                if not busy or time.monotonic() > deadline:
                    raise
                _step.say(f"The workspace cannot be asked, trying again: {error.summary}")
                time.sleep(pause)
                pause = min(LAST_PAUSE_SECONDS, pause * PAUSE_GROWTH)
            else:
                return

    def _find(self) -> None:
        self.trials = self._runs.find()
        now = time.time()
        begun = min([now, *(datetime.fromisoformat(trial.created_at).timestamp() for trial in self.trials)])
        self._deadline = time.monotonic() + self._settings.max_duration_minutes * 60 - (now - begun)
        for trial in self.trials:
            self._sampler.found(trial.number, trial.values)
            trial.status = "Running"  # also those that have ended get a look, for their metrics
            _step.say(f"found {line_of(trial, self._settings)}")

    def _turn(self) -> None:
        for trial in self.trials:
            if not trial.ended:
                self._look(trial)
        if time.monotonic() > self._deadline:
            self._give_up(dict.fromkeys(self._running(), "max_duration_minutes is over"))
        else:
            series = {trial.number: trial.series for trial in self.trials}
            self._give_up(hopeless(self._policy, self._settings.primary_metric_goal, series, self._running()))
            self._fill()

    def _look(self, trial: Trial) -> None:
        before = trial.status
        self._runs.look(trial)
        if trial.status != before:
            _step.say(line_of(trial, self._settings))
        if trial.ended and not trial.settled:
            self._sampler.ended(trial.number, trial.best(self._settings) if trial.status == "Finished" else None)
            trial.settled = True

    def _running(self) -> list[int]:
        return [trial.number for trial in self.trials if not trial.ended and not trial.given_up]

    def _give_up(self, reasons: dict[int, str]) -> None:
        for trial in self.trials:
            if trial.number in reasons:
                self._runs.cancel(trial)
                trial.given_up = reasons[trial.number]
                _step.say(f"trial {trial.number} is canceled: {trial.given_up}")

    def _fill(self) -> None:
        settings = self._settings
        most = settings.max_concurrent_runs or settings.max_total_runs
        while not self._is_complete() and sum(not trial.ended for trial in self.trials) < most:
            number = self.trials[-1].number + 1 if self.trials else 0
            if number not in self._proposed:  # asked again after a request that went wrong, it must be the same
                self._proposed[number] = self._sampler.propose(number)
            values = self._proposed[number]
            if values is None:
                self._exhausted = True
                return
            trial = self._runs.start(number, values)
            self.trials.append(trial)
            _step.say(f"started {line_of(trial, settings)}")

    def _is_complete(self) -> bool:
        out_of_time = time.monotonic() > self._deadline
        return self._exhausted or out_of_time or len(self.trials) >= self._settings.max_total_runs

    def _state(self) -> list[tuple[str, int]]:
        return [(trial.status, len(trial.series)) for trial in self.trials]
