"""v1's `RunDetails`: where a run stands, step by step, kept up to date while it is shown."""

import sys
import threading
from typing import TYPE_CHECKING, Any

from pipeyard._follow import RunView, follow_run, view_run
from pipeyard.exceptions import UserErrorException
from pipeyard.widgets._page import page_of

if TYPE_CHECKING:
    from pipeyard._client import Client
    from pipeyard.pipeline.core.run import PipelineRun, StepRun


class RunDetails:
    """Shows a pipeline run and its steps.

    In a notebook the view is the cell's output and follows the run in the background until it has ended. In a
    terminal it follows the run in the foreground; Ctrl-C stops looking, and the run goes on. Anywhere else, as in a
    script whose output is kept in a file, it is printed once, so that the script goes on.
    """

    def __init__(self, run_instance: "PipelineRun | StepRun") -> None:
        """Look at a run; of a step's run, the pipeline run around it is shown.

        Raises:
            UserErrorException: It is no run of a workspace.
        """
        if not hasattr(run_instance, "pipeline_run_id") or not hasattr(run_instance, "experiment"):
            raise UserErrorException(f"RunDetails shows a run, as experiment.submit() gives it, not {run_instance!r}.")
        self._run = run_instance
        self._follower: threading.Thread | None = None

    def show(self, render_lib: object = None, widget_settings: object = None) -> None:
        """Show the run.

        Args:
            render_lib: v1's; has no meaning here.
            widget_settings: v1's; has no meaning here.
        """
        del render_lib, widget_settings
        client = self._run.experiment.workspace.client
        if _in_notebook():
            self._show_in_notebook(client)
        elif sys.stdout.isatty():
            _show_in_terminal(client, self._run.pipeline_run_id)
        else:
            sys.stdout.write(_text_of(view_run(client, self._run.pipeline_run_id)))

    def join(self, timeout_seconds: float | None = None) -> None:
        """Wait until the view of a notebook has shown the run's end; at once where there is none."""
        if self._follower is not None:
            self._follower.join(timeout_seconds)

    def _repr_html_(self) -> str:
        """The run as it is now, for a notebook that shows the object itself."""
        return page_of(view_run(self._run.experiment.workspace.client, self._run.pipeline_run_id))

    def _show_in_notebook(self, client: "Client") -> None:
        from IPython.display import HTML, display  # noqa: PLC0415  (there is an IPython only in notebooks)

        handle: Any = display(  # type: ignore[no-untyped-call]
            HTML(page_of(view_run(client, self._run.pipeline_run_id))),  # type: ignore[no-untyped-call]
            display_id=True,
        )

        def show(view: RunView) -> None:
            handle.update(HTML(page_of(view)))  # type: ignore[no-untyped-call]

        def follow() -> None:
            follow_run(client, self._run.pipeline_run_id, show)

        # A daemon: a kernel that is shut down must not wait for a run.
        self._follower = threading.Thread(target=follow, name="RunDetails", daemon=True)
        self._follower.start()


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None


def _show_in_terminal(client: "Client", run_id: str) -> None:
    try:
        from rich.console import Console  # noqa: PLC0415  (an extra)

        from pipeyard.cli.progress import follow  # noqa: PLC0415  (needs the extra)
    except ImportError:
        sys.stdout.write(_text_of(view_run(client, run_id)))
        return
    try:
        follow(client, run_id, Console())
    except KeyboardInterrupt:
        sys.stdout.write("\nStopped looking; the run goes on.\n")


def _text_of(view: RunView) -> str:
    head = f"Run {view.run['run_id']} of {view.run['experiment']}: {view.run['status']}\n"
    return head + "".join(
        f"  {step['name']}: {step['status']}{' (reused)' if step.get('reused') else ''}\n" for step in view.steps
    )
