"""Schedules: a recurrence, and a folder that is watched."""

from pipeyard.core import Workspace
from pipeyard.pipeline.core import Pipeline, Schedule, ScheduleRecurrence
from pipeyard.pipeline.core.schedule import TimeZone
from pipeyard.pipeline.steps import PythonScriptStep
from setup_workspace import SOURCE_DIRECTORY, find_or_create_cluster

workspace = Workspace.from_config()
datastore = workspace.get_default_datastore()
cluster = find_or_create_cluster(workspace)
step = PythonScriptStep(
    name="show", script_name="show.py", arguments=["hello"], compute_target=cluster, source_directory=SOURCE_DIRECTORY
)
published = Pipeline(workspace, steps=[step]).publish(name="scheduled", description="Runs by itself")

recurrence = ScheduleRecurrence(
    frequency="Week",
    interval=1,
    start_time="2024-01-01T10:00:00",
    time_zone=TimeZone.EasternStandardTime,
    week_days=["Monday", "Friday"],
    time_of_day="22:30",
)
schedule = Schedule.create(
    workspace,
    name="weekly",
    pipeline_id=published.id,
    experiment_name="v1_schedules",
    recurrence=recurrence,
    wait_for_provisioning=True,
    description="Mondays and Fridays",
)
print(schedule.name, schedule.status, schedule.recurrence.week_days)
schedule.update(name="weekly_2", recurrence=ScheduleRecurrence("Day", 2, hours=[6], minutes=[0, 30]))
schedule.disable(wait_for_provisioning=True)
print(Schedule.get(workspace, schedule.id).status)

watch = Schedule.create(
    workspace,
    name="watch",
    pipeline_id=published.id,
    experiment_name="v1_schedules",
    datastore=datastore,
    path_on_datastore="arrivals",
    polling_interval=5,
)
print(sorted(each.name for each in Schedule.get_schedules_for_pipeline_id(workspace, published.id)))
print("last run:", watch.get_last_pipeline_run())
for each in Schedule.list(workspace, active_only=True, pipeline_id=published.id):
    each.disable()
