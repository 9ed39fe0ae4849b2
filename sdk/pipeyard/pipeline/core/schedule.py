"""v1's schedules: runs that start by themselves, at times or when files arrive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard._checks import require_workspace
from pipeyard._clients.schedules import SchedulesClient
from pipeyard._git import git_properties
from pipeyard.core.experiment import Experiment
from pipeyard.pipeline.core._recurrence import CronRecurrence, ScheduleRecurrence
from pipeyard.pipeline.core._schedule_arguments import UNSET, changes, creation
from pipeyard.pipeline.core._schedule_fields import ScheduleFields
from pipeyard.pipeline.core._schedule_yaml import load
from pipeyard.pipeline.core._submission import parameter_values
from pipeyard.pipeline.core._time_zones import TimeZone

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterator, Mapping

    from pipeyard import _wire
    from pipeyard.core.workspace import Workspace
    from pipeyard.pipeline.core.run import PipelineRun

# ruff: noqa: FBT001, FBT002  (v1's signatures)

__all__ = ["CronRecurrence", "Schedule", "ScheduleRecurrence", "TimeZone"]


class Schedule(ScheduleFields):
    """A schedule of a published pipeline or of a pipeline endpoint.

    Nothing has to be provisioned: a schedule is at work once it is created, and `wait_for_provisioning` does not wait.

    Attributes:
        workspace: Where it is kept.
        document: Everything that the workspace knows about it.
    """

    def __init__(self, workspace: Workspace, document: Mapping[str, Any]) -> None:
        super().__init__(document)
        self.workspace = workspace

    @staticmethod
    def create(
        workspace: Workspace,
        name: str,
        pipeline_id: str,
        experiment_name: str,
        recurrence: ScheduleRecurrence | None = None,
        description: str | None = None,
        pipeline_parameters: Mapping[str, Any] | None = None,
        wait_for_provisioning: bool = False,
        wait_timeout: int = 3600,
        datastore: Any = None,
        polling_interval: int = 5,
        data_path_parameter_name: str | None = None,
        continue_on_step_failure: bool | None = None,
        path_on_datastore: str | None = None,
        _workflow_provider: object = None,
        _service_endpoint: object = None,
        *,
        cron: CronRecurrence | None = None,
        catch_up: str | None = None,
        pattern: str | None = None,
        include_subfolders: bool | None = None,
        debounce_seconds: int | None = None,
        file_list_parameter_name: str | None = None,
    ) -> Schedule:
        """Make a schedule for a published pipeline. Give a recurrence, a cron expression, or a datastore.

        Args:
            workspace: Where the pipeline is published.
            name: For people.
            pipeline_id: The published pipeline.
            experiment_name: Of the runs.
            recurrence: When to start runs.
            description: For people.
            pipeline_parameters: Values that differ from the published defaults.
            wait_for_provisioning: Has no effect.
            wait_timeout: Has no effect.
            datastore: Whose new and changed files start runs.
            polling_interval: Minutes between two looks at the files.
            data_path_parameter_name: `DataPath` parameter that gets the file.
            continue_on_step_failure: None means as published.
            path_on_datastore: Folder of the files; the top of the datastore by default.
            cron: When to start runs.
            catch_up: `none`, `last` or `all`: what becomes of times at which the workspace did not run.
            pattern: Which files below the folder count, such as `*.csv`.
            include_subfolders: Whether files in sub-folders count (in v1 they never did).
            debounce_seconds: How long it must be quiet before a run starts with all files of a burst.
            file_list_parameter_name: String parameter that gets the paths of all files, as a JSON array.

        Raises:
            UserErrorException: With everything that is wrong.
        """
        arguments = {name: value for name, value in locals().items() if name not in {"workspace", "pipeline_id"}}
        body = {"published_pipeline_id": pipeline_id, **creation(arguments)}
        return Schedule._create(workspace, "Schedule.create", body)

    @staticmethod
    def create_for_pipeline_endpoint(
        workspace: Workspace,
        name: str,
        pipeline_endpoint_id: str,
        experiment_name: str,
        recurrence: ScheduleRecurrence | None = None,
        description: str | None = None,
        pipeline_parameters: Mapping[str, Any] | None = None,
        wait_for_provisioning: bool = False,
        wait_timeout: int = 3600,
        datastore: Any = None,
        polling_interval: int = 5,
        data_path_parameter_name: str | None = None,
        continue_on_step_failure: bool | None = None,
        path_on_datastore: str | None = None,
        _workflow_provider: object = None,
        _service_endpoint: object = None,
        *,
        cron: CronRecurrence | None = None,
        catch_up: str | None = None,
        pattern: str | None = None,
        include_subfolders: bool | None = None,
        debounce_seconds: int | None = None,
        file_list_parameter_name: str | None = None,
    ) -> Schedule:
        """Make a schedule for an endpoint; what runs is the version that is the default at the time.

        The other arguments are those of `create`.
        """
        arguments = {
            name: value for name, value in locals().items() if name not in {"workspace", "pipeline_endpoint_id"}
        }
        body = {"pipeline_endpoint_id": pipeline_endpoint_id, **creation(arguments)}
        return Schedule._create(workspace, "Schedule.create_for_pipeline_endpoint", body)

    @staticmethod
    def _create(workspace: Workspace, where: str, body: dict[str, Any]) -> Schedule:
        require_workspace(workspace, where)
        body["parameters"] = parameter_values(body["parameters"])
        body["properties"] = git_properties(Path.cwd())
        return Schedule(workspace, SchedulesClient(workspace.client.http).create(body))

    @staticmethod
    def get(
        workspace: Workspace,
        id: str,  # noqa: A002  (v1's name)
        _workflow_provider: object = None,
        _service_endpoint: object = None,
    ) -> Schedule:
        """A schedule by its id.

        Raises:
            UserErrorException: There is none.
        """
        require_workspace(workspace, "Schedule.get")
        return Schedule(workspace, SchedulesClient(workspace.client.http).get(id))

    @staticmethod
    def list(
        workspace: Workspace,
        active_only: bool = True,
        pipeline_id: str | None = None,
        pipeline_endpoint_id: str | None = None,
        _workflow_provider: object = None,
        _service_endpoint: object = None,
    ) -> builtins.list[Schedule]:
        """Schedules, newest first."""
        require_workspace(workspace, "Schedule.list")
        found = SchedulesClient(workspace.client.http).list(
            active_only=active_only, published_pipeline_id=pipeline_id, pipeline_endpoint_id=pipeline_endpoint_id
        )
        return [Schedule(workspace, document) for document in found]

    get_all = list  # noqa: A003  (v1's name)

    @staticmethod
    def get_schedules_for_pipeline_id(
        workspace: Workspace, pipeline_id: str, _workflow_provider: object = None, _service_endpoint: object = None
    ) -> builtins.list[Schedule]:
        """Every schedule of a published pipeline, disabled ones included."""
        return Schedule.list(workspace, active_only=False, pipeline_id=pipeline_id)

    @staticmethod
    def get_schedules_for_pipeline_endpoint_id(
        workspace: Workspace,
        pipeline_endpoint_id: str,
        _workflow_provider: object = None,
        _service_endpoint: object = None,
    ) -> builtins.list[Schedule]:
        """Every schedule of an endpoint, disabled ones included."""
        return Schedule.list(workspace, active_only=False, pipeline_endpoint_id=pipeline_endpoint_id)

    @staticmethod
    def load_yaml(
        workspace: Workspace,
        filename: str | Path,
        _workflow_provider: object = None,
        _service_endpoint: object = None,
    ) -> dict[str, Any]:
        """Arguments for `create` from v1's YAML form: `Schedule.create(workspace, name=..., **arguments)`.

        Raises:
            UserErrorException: The file cannot be read or has unknown keys.
        """
        require_workspace(workspace, "Schedule.load_yaml")
        return load(workspace, Path(filename))

    @staticmethod
    def preview(
        workspace: Workspace, pipeline_id: str, when: ScheduleRecurrence | CronRecurrence
    ) -> builtins.list[str]:
        """The first ten times of a schedule, in UTC; nothing is saved.

        Raises:
            UserErrorException: With everything that is wrong.
        """
        field = "cron" if isinstance(when, CronRecurrence) else "recurrence"
        body = {"name": "preview", "published_pipeline_id": pipeline_id, "experiment_name": "preview"}
        return SchedulesClient(workspace.client.http).preview({**body, field: when.to_document()})

    def update(
        self,
        name: str | None = None,
        description: str | None = None,
        recurrence: ScheduleRecurrence | None = None,
        pipeline_parameters: Mapping[str, Any] | None = None,
        status: str | None = None,
        wait_for_provisioning: bool = False,
        wait_timeout: int = 3600,
        datastore: Any = None,
        polling_interval: int | None = None,
        data_path_parameter_name: str | None = None,
        continue_on_step_failure: bool | None = None,
        path_on_datastore: str | None = None,
        *,
        cron: CronRecurrence | None = None,
        catch_up: str | None = None,
        pattern: Any = UNSET,
        include_subfolders: bool | None = None,
        debounce_seconds: int | None = None,
        file_list_parameter_name: Any = UNSET,
    ) -> None:
        """Change what is given; the rest stays as it is.

        Raises:
            UserErrorException: With everything that is wrong.
        """
        arguments = {name: value for name, value in locals().items() if name != "self"}
        body = changes(self.document, arguments)
        if pipeline_parameters is not None:
            body["parameters"] = parameter_values(pipeline_parameters)
        self._keep(self._client.change(self.id, body))

    def enable(self, wait_for_provisioning: bool = False, wait_timeout: int = 3600) -> None:
        """Start runs again. What was due meanwhile is not made up for."""
        del wait_for_provisioning, wait_timeout
        self._keep(self._client.change(self.id, {"status": "Active"}))

    def disable(self, wait_for_provisioning: bool = False, wait_timeout: int = 3600) -> None:
        """Start no more runs. Those under way go on."""
        del wait_for_provisioning, wait_timeout
        self._keep(self._client.change(self.id, {"status": "Disabled"}))

    def delete(self) -> None:
        """Delete it with its history; its runs stay."""
        self._client.delete(self.id)

    def get_pipeline_runs(self) -> builtins.list[PipelineRun]:
        """Runs that it started, newest first."""
        return [self._run(document) for document in self._client.runs(self.id)]

    def get_last_pipeline_run(self) -> PipelineRun | None:
        """The latest run that it started, None before the first."""
        document = self._client.last_run(self.id)
        return None if document is None else self._run(document)

    def get_history(self) -> Iterator[dict[str, Any]]:
        """What it did, newest first: what arrived, what was started, what was ignored and why."""
        return self._client.history(self.id)

    def _run(self, document: _wire.RunDocument) -> PipelineRun:
        from pipeyard.pipeline.core.run import PipelineRun  # noqa: PLC0415  (the modules are a circle)

        return PipelineRun(Experiment(self.workspace, document["experiment"]), document["run_id"])

    def _keep(self, document: Mapping[str, Any]) -> None:
        self.document = dict(document)

    @property
    def _client(self) -> SchedulesClient:
        return SchedulesClient(self.workspace.client.http)

    def __repr__(self) -> str:
        return f"Schedule(name={self.name!r}, id={self.id!r}, status={self.status!r})"
