"""One worker: a process that loads the entry script, calls `init()` once, and `run()` for each mini-batch."""

import contextlib
import importlib.util
import inspect
import os
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import parent_process
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from pipeyard import parallel_run
from pipeyard.jobs.parallel_run.batches import MiniBatch
from pipeyard.jobs.parallel_run.rows import rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What every worker is told at its start.

    Attributes:
        entry_script: Path relative to the working directory.
        arguments: The script's command line.
    """

    entry_script: str
    arguments: tuple[str, ...]
    logging_level: str
    folders: parallel_run.Folders


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A mini-batch to try."""

    batch: MiniBatch
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """`init()` has returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The entry script cannot be used at all."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A mini-batch was tried.

    Attributes:
        succeeded: Elements that `run()` returned.
        rows: They as lines.
        error: What `run()` raised, "" where all went well.
        again: Whether another try could help.
    """

    index: int
    succeeded: int = 0
    rows: str = ""
    error: str = ""
    again: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniBatchContext:
    """Second argument of `run(mini_batch, context)`.

    Attributes:
        minibatch_index: Place of the mini-batch among all of them, from 0.
        input_name: The input that it is a part of.
        partition_key_value: Values of `partition_keys`, empty where the inputs are not cut so.
        dataset: The files, or the rows, of the mini-batch.
        attempt: From 1.
    """

    minibatch_index: int
    input_name: str
    partition_key_value: dict[str, Any]
    dataset: Any
    attempt: int
    process_id: int
    node_id: str = "0"

    @property
    def mini_batch_id(self) -> int:
        """The same as `minibatch_index`."""
        return self.minibatch_index


def work(setup: Setup, connection: Connection) -> None:
    """A worker's whole life. Ends when the driver says so, or is gone."""
    _own_group()
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        run = _load(setup)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's script raises
        connection.send(Broken(text=_user_traceback(error)))
        return
    connection.send(Ready())
    with contextlib.suppress(EOFError, BrokenPipeError):
        while (task := connection.recv()) is not None:
            connection.send(_try(run, task))


def _own_group() -> None:
    # Ending a worker must also end what its script has started.
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _load(setup: Setup) -> Callable[[MiniBatch, int], Any]:
    """Import the script as v1 did: its folder can be imported from, and its arguments are in `sys.argv`."""
    parallel_run.enter(setup.folders, setup.logging_level)
    script = Path(setup.entry_script).resolve()
    sys.argv = [setup.entry_script, *setup.arguments]
    sys.path[:0] = [str(script.parent), str(Path.cwd())]
    for name in ("azureml_user", "azureml_user.parallel_run"):  # where v1's scripts look for their helper
        sys.modules.setdefault(name, parallel_run)
    spec = importlib.util.spec_from_file_location(script.stem, script)
    if spec is None or spec.loader is None:
        raise ImportError(f"{setup.entry_script} cannot be imported: its name must end with .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[script.stem] = module
    spec.loader.exec_module(module)
    run = _function(module, "run", setup)
    if hasattr(module, "init"):
        module.init()
    with_context = _takes_context(run)

    def call(batch: MiniBatch, attempt: int) -> Any:
        data = _data(batch)
        return run(data, _context(batch, data, attempt)) if with_context else run(data)

    return call


def _function(module: ModuleType, name: str, setup: Setup) -> Callable[..., Any]:
    found = getattr(module, name, None)
    if not callable(found):
        raise TypeError(f"The entry script {setup.entry_script} has no function {name}().")
    return found  # type: ignore[no-any-return]


def _takes_context(run: Callable[..., Any]) -> bool:
    kinds = [parameter.kind for parameter in inspect.signature(run).parameters.values()]
    positional = [
        kind for kind in kinds if kind in {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    ]
    return len(positional) > 1 or inspect.Parameter.VAR_POSITIONAL in kinds


def _data(batch: MiniBatch) -> Any:
    return list(batch.files) if batch.rows is None else batch.rows.read()


def _context(batch: MiniBatch, data: Any, attempt: int) -> MiniBatchContext:
    return MiniBatchContext(
        minibatch_index=batch.index,
        input_name=batch.input_name,
        partition_key_value=dict(batch.partition or {}),
        dataset=data,
        attempt=attempt,
        process_id=os.getpid(),
    )


def _try(run: Callable[[MiniBatch, int], Any], task: Task) -> Tried:
    index = task.batch.index
    try:
        result = run(task.batch, task.attempt)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's script raises
        return Tried(index=index, error=_user_traceback(error))
    try:
        succeeded, rows = rows_of(result)
    except Exception as error:  # noqa: BLE001 - a user's object may fail to become text
        return Tried(index=index, error=str(error), again=False)
    return Tried(index=index, succeeded=succeeded, rows=rows)


def _user_traceback(error: BaseException) -> str:
    """The traceback without the frames of this package and of the import machinery."""
    frame: TracebackType | None = error.__traceback__
    while frame is not None and frame.tb_next is not None and _is_ours(frame):
        frame = frame.tb_next
    return "".join(traceback.format_exception(type(error), error, frame)).rstrip()


def _is_ours(frame: TracebackType) -> bool:
    name = frame.tb_frame.f_code.co_filename
    return name == __file__ or name.startswith("<frozen importlib")
