"""What a compute service has done for a job before the runner starts, and who shares the work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

_RANK_VARIABLES = ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "RANK")
_TASKS = ("chief", "master", "worker", "ps", "evaluator")


class Placement(NamedTuple):
    """By default nothing is in place, and nobody shares the work.

    Attributes:
        code: Folder that has the files of the snapshot already.
        inputs: What the script gets for an input that need not be fetched: a path, or an address to read from.
        outputs: Paths of outputs that need not be uploaded, because whatever is written there is stored already.
        packages: Folders or archives that the script's Python may import from, after everything of its own.
        own_machine: The machine is the job's own: the script sees all of its environment.
        rank: Number of this process among those that share the work; the first one speaks for all.
        ranks: How many processes share the work; each of them may leave outputs to the others.
    """

    code: Path | None = None
    inputs: Mapping[str, str] = {}
    outputs: Mapping[str, str] = {}
    packages: tuple[str, ...] = ()
    own_machine: bool = False
    rank: int = 0
    ranks: int = 1


NOTHING = Placement()


def rank_of(environment: Mapping[str, str]) -> int:
    """Number of this process among those that whoever launched it has started; 0 where there is one."""
    for name in _RANK_VARIABLES:
        if environment.get(name, "").isdigit():
            return int(environment[name])
    return _tensorflow_rank(environment.get("TF_CONFIG", ""))


def ranked(name: str, rank: int) -> str:
    """The name of a file that every rank writes, with the rank in it; the first rank has the name itself."""
    if rank == 0:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem}_rank_{rank}.{ending}" if dot and "/" not in ending else f"{name}_rank_{rank}"


def rank_folder(rank: int) -> str:
    """Folder of the files that a rank keeps with its run beside those of the first one."""
    return f"rank_{rank}/" if rank else ""


def _tensorflow_rank(text: str) -> int:
    """TensorFlow numbers its tasks by type: counted here in the order of the types."""
    try:
        config: dict[str, Any] = json.loads(text)
        task, cluster = config["task"], config["cluster"]
        kinds = sorted(cluster, key=lambda kind: (_TASKS.index(kind) if kind in _TASKS else len(_TASKS), kind))
        return sum(len(cluster[kind]) for kind in kinds[: kinds.index(task["type"])]) + int(task["index"])
    except (KeyError, TypeError, ValueError):
        return 0
