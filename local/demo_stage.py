"""What every part of the demo works with."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeyard._client import Client
from pipeyard._definition_file import load_pipeline
from pipeyard._follow import RunView
from pipeyard._snapshots import upload_snapshot
from pipeyard.cli.progress import follow
from pipeyard.cli.render import print_view
from rich.console import Console

from local.demo_example import Description


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What every part of the demo works with."""

    name: str
    description: Description
    client: Client
    console: Console

    def title(self, text: str) -> None:
        """Print a heading."""
        self.console.print(f"\n{text}", style="bold", markup=False, soft_wrap=True)

    def run(self, directory: Path) -> RunView:
        """Submit the pipeline that lies in `directory` and watch it to its end."""
        return self.follow(self.submit(directory))

    def submit(self, directory: Path) -> str:
        """Submit the pipeline that lies in `directory`; returns the run's id."""
        pipeline = load_pipeline(directory / self.description.pipeline)
        for snapshot in pipeline.snapshots:
            upload_snapshot(self.client, snapshot)
        return self.client.submit({"definition": pipeline.definition, "experiment_name": self.name})["run_id"]

    def follow(self, run_id: str) -> RunView:
        """Watch a run to its end."""
        view = follow(self.client, run_id, self.console)
        if not self.console.is_terminal:
            print_view(self.console, view)
        self.console.print(f"Took {run_seconds(view):.1f} s.")
        return view


def run_seconds(view: RunView) -> float:
    """From the submit to the end, by the workspace's clock."""
    created, ended = view.run.get("created_at"), view.run.get("ended_at")
    if not created or not ended:
        return 0.0
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(created)).total_seconds()
