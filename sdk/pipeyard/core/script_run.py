"""v1's `azureml.core.script_run`: the run of a script that was submitted on its own."""

from typing import Any

from pipeyard.core._run_states import history_status
from pipeyard.pipeline.core.run import StepRun

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class ScriptRun(StepRun):
    """A script's run: the one step of a pipeline run, in the words of run histories (`Completed`)."""

    def get_status(self) -> str:
        """NotStarted, Queued, Running, Completed, Failed or Canceled."""
        return history_status(self.document["status"])

    def wait_for_completion(  # type: ignore[override]  # v1 gives the details here, and the status for steps
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
        timeout_seconds: float | None = None,
    ) -> dict[str, Any]:
        """Wait until the script has ended; returns the details.

        Raises:
            ActivityFailedException: It failed or was canceled.
        """
        del wait_post_processing
        limit = {} if timeout_seconds is None else {"timeout_seconds": timeout_seconds}
        super().wait_for_completion(show_output=show_output, raise_on_error=raise_on_error, **limit)
        return self.get_details()
