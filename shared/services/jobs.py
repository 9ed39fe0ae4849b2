"""One try of a step as a job: command line, files, environment, and where its results go."""

from collections.abc import Mapping
from urllib.parse import quote

from shared.core import names, traces
from shared.core.bindings import (
    Argument,
    InputArgument,
    OutputArgument,
    ParameterArgument,
    ParameterValue,
)
from shared.core.definition import StepDefinition
from shared.core.errors import NotFound
from shared.core.jobs import JobArgument, JobFile, JobOutput, JobSpec, PresentFile, UploadTarget
from shared.core.output_places import output_place
from shared.core.settings_binding import bind_settings
from shared.ports.datastores import DatastoreFiles
from shared.services.datastores import open_datastore
from shared.services.documents import snapshot_file_blob
from shared.services.identity import run_token
from shared.services.inputs import Outputs, blob_place, blob_url, dataset_variables, direct_datasets, job_inputs
from shared.services.step_template import driver_variables
from shared.services.step_variables import input_values, step_variables, text
from shared.services.workspace import SIGNATURE_VALIDITY, RunContext, Workspace


def build_job(
    workspace: Workspace, context: RunContext, ordinal: int, attempt: int, produced: Mapping[int, Outputs]
) -> JobSpec:
    """The job of one try. Building it again gives the same job, apart from fresh signatures.

    Raises:
        NotFound: The step's snapshot is not registered.
    """
    step = context.step(ordinal)
    run_id = context.run.run_id
    step_type = workspace.step_types[step.type]
    bound = step.model_copy(update={"settings": bind_settings(step.settings, context.run.parameters)})
    words = {**input_values(step, context.run.parameters), **direct_datasets(context, step)}
    base, query = workspace.artifact_target(run_id, ordinal)
    return JobSpec(
        name=names.job_name(run_id, ordinal, attempt),
        run_id=run_id,
        step_run_id=names.step_run_id(run_id, ordinal),
        step_name=step.name,
        step_type=step.type,
        experiment=context.run.experiment,
        settings=bound.settings,
        software=step.environment,
        resources=step.resources,
        compute_target=step.compute_target or context.definition.default_compute_target,
        interpreter=step.environment.interpreter,
        code=_code(workspace, step),
        command=tuple(_word(word, words, context.run.parameters) for word in step_type.words(bound)),
        launch=step_type.launch,
        inputs=job_inputs(workspace, context, step, produced),
        outputs=_outputs(workspace, context, ordinal),
        environment={
            **dataset_variables(workspace, context, step, produced),
            **_environment(workspace, context, step, ordinal, attempt),
            **driver_variables(step_type, context, ordinal, produced),
        },
        artifacts=UploadTarget(base_url=base, query=query),
        log_name=names.log_name(attempt),
        metrics_name=names.metrics_name(attempt),
        callback_url=_callback_url(workspace, names.step_run_id(run_id, ordinal)),
        timeout_seconds=step.timeout_seconds,
    )


def _word(argument: Argument, values: Mapping[str, str], parameters: Mapping[str, ParameterValue]) -> JobArgument:
    match argument:
        case ParameterArgument(parameter=name):
            return JobArgument(value=text(parameters[name]))
        case InputArgument(input=name):
            return JobArgument(value=values[name]) if name in values else JobArgument(input=name)
        case OutputArgument(output=name):
            return JobArgument(output=name)
        case literal:
            return JobArgument(value=text(literal))


def _code(workspace: Workspace, step: StepDefinition) -> tuple[JobFile, ...]:
    if step.snapshot is None:
        return ()
    try:
        manifest = workspace.manifest(step.snapshot)
    except NotFound:
        raise NotFound(
            f"The snapshot of step `{step.name}` is not registered any more. Submit the run again."
        ) from None
    base, query = workspace.read_grant(names.SYSTEM_CONTAINER)
    return tuple(
        JobFile(
            path=file.path,
            url=blob_url(base, snapshot_file_blob(file.sha256), query),
            digest=f"sha256:{file.sha256}",
            size=file.size,
        )
        for file in manifest.files
    )


def output_datastore(context: RunContext, step: StepDefinition, output: str) -> str:
    """The datastore on which an output is kept."""
    return step.outputs[output].datastore or context.definition.default_datastore


def _outputs(workspace: Workspace, context: RunContext, ordinal: int) -> tuple[JobOutput, ...]:
    step = context.step(ordinal)
    outputs: list[JobOutput] = []
    for name in step.outputs:
        datastore = open_datastore(workspace, output_datastore(context, step, name))
        path = output_place(step.outputs[name], context.run.run_id, ordinal, name)
        base, query = datastore.upload_target(path, SIGNATURE_VALIDITY)
        target = UploadTarget(type=datastore.upload_kind, base_url=base, query=query)
        place = blob_place(datastore, datastore.read_grant(SIGNATURE_VALIDITY)[0], path)
        output = JobOutput(name=name, target=target, mode=step.outputs[name].mode, place=place)
        transfers = workspace.step_types[step.type].launch == "transfer"
        outputs.append(_with_present(output, datastore, path) if transfers else output)
    return tuple(outputs)


def _with_present(output: JobOutput, datastore: DatastoreFiles, path: str) -> JobOutput:
    """The output with what lies at its place already: each try looks anew, and goes on where the one before ended."""
    base, query = datastore.read_grant(SIGNATURE_VALIDITY)
    present = tuple(
        PresentFile(
            path=file.name[len(path) + 1 :],
            url=blob_url(base, file.name, query),
            size=file.size,
            md5=file.md5,
            etag=file.etag,
        )
        for file in datastore.list(path)
        if file.name == path or file.name.startswith(f"{path}/")
    )
    return output.model_copy(update={"present": present, "read_query": query})


def _environment(
    workspace: Workspace, context: RunContext, step: StepDefinition, ordinal: int, attempt: int
) -> dict[str, str]:
    """What v1 scripts expect, under the step's own variables, which win."""
    token, expires_at = run_token(workspace, context.run.run_id, names.step_run_id(context.run.run_id, ordinal))
    identity = {
        "AZUREML_RUN_ID": names.step_run_id(context.run.run_id, ordinal),
        "AZUREML_ROOT_RUN_ID": context.run.run_id,
        "AZUREML_ARM_PROJECT_NAME": context.run.experiment,
        "AZUREML_ARM_WORKSPACE_NAME": workspace.name,
        "AZUREML_ARM_SUBSCRIPTION": "pipeyard",
        "AZUREML_ARM_RESOURCEGROUP": "pipeyard",
        "AZUREML_RUN_TOKEN": token,
        "AZUREML_RUN_TOKEN_EXPIRY": str(int(expires_at.timestamp())),
        "TRACEPARENT": traces.traceparent(names.job_name(context.run.run_id, ordinal, attempt)),
    }
    base_url = workspace.services.callback_base_url
    service = {"AZUREML_SERVICE_ENDPOINT": base_url, "PIPEYARD_URL": base_url} if base_url else {}
    return {**identity, **service, **step_variables(step, context.run.parameters)}


def _callback_url(workspace: Workspace, step_run_id: str) -> str | None:
    base_url = workspace.services.callback_base_url
    return f"{base_url}/{names.JOB_ENDED_ROUTE.format(step_run_id=quote(step_run_id))}" if base_url else None
