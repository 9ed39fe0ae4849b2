"""Records what today's orchestrators do, for `tests/test_histories.py`: `python -m tests.golden.record_histories`.

Run it after `defaultVersion` in host.json was raised. It drives a local workspace of its own through one of everything
and keeps the histories under the present version. Those of earlier versions stay: they say what old runs still need.
Histories of the present version stay as well where today's code can replay them: only what is new is added.
"""

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.host_settings import default_version
from tests.e2e.workspace import REPOSITORY, Api, Server
from tests.golden.replay import HISTORIES, Json, goes_on, happenings, is_whole, load
from tests.golden.scenarios import SCENARIOS
from tests.golden.stage import Stage

ENVIRONMENT = {"PIPEYARD_WEBHOOK_RETRY_SECONDS": "0.5"}


def main() -> None:
    """Record and keep."""
    version = default_version(REPOSITORY)
    assert version is not None, "host.json says no defaultVersion"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        histories = folder / "histories"
        server = Server(folder, "--record-histories", str(histories), environment=ENVIRONMENT)
        try:
            server.start()
            kept = _play(Stage(server, Api(server.facts["url"]), folder, histories))
        finally:
            server.close()
        target = HISTORIES / version
        target.mkdir(parents=True, exist_ok=True)
        _keep({scenario: _of(histories, instances) for scenario, instances in kept.items()}, target)
    print(f"{len(list(target.glob('*.json')))} histories of version {version} are in {target}")


def _play(stage: Stage) -> dict[str, list[str]]:
    """All scenarios at once, since most of them mostly wait; returns the instances whose histories count."""
    with ThreadPoolExecutor(len(SCENARIOS)) as pool:
        playing = {scenario.__name__: pool.submit(scenario, stage) for scenario in SCENARIOS}
        kept = {name: played.result() for name, played in playing.items()}
    stage.api.close()
    return kept


def _of(histories: Path, instances: list[str]) -> Iterator[Json]:
    """Every whole generation of these orchestrations and those of their steps, in order."""
    for instance in instances:
        paths = sorted(histories.glob(f"*.{instance}*.json"), key=lambda path: path.stat().st_mtime_ns)
        assert paths, f"{instance} left no history"
        for path in sorted(paths, key=lambda path: path.name.rsplit(".", 2)[0]):
            history = load(path)
            if is_whole(history):
                yield history


def _keep(found: dict[str, Iterator[Json]], target: Path) -> None:
    """Of each scenario the histories that are good already, and those in which something happens for the first time."""
    known: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for path in sorted(target.glob("*.json")):
        history, scenario = load(path), path.name.split(".")[1]
        if scenario in found and is_whole(history) and goes_on(history):
            known[scenario, history["orchestrator"]] |= happenings(history)
        else:
            path.unlink()
    for scenario, histories in found.items():
        for history in histories:
            orchestrator = history["orchestrator"]
            if not happenings(history) <= known[scenario, orchestrator]:
                known[scenario, orchestrator] |= happenings(history)
                _write(target, f"{orchestrator}.{scenario}", history)


def _write(target: Path, stem: str, history: Json) -> None:
    number = 0
    while (path := target / f"{stem}.{number}.json").exists():
        number += 1
    path.write_text(f"{json.dumps(history, separators=(',', ':'))}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
