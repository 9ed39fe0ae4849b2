"""How several processes of one job are started on one machine."""

import pytest

from shared.core.definition import StepResources
from shared.core.jobs import JobArgument, JobSpec, UploadTarget
from shared.core.several_processes import on_one_machine

TARGET = UploadTarget(base_url="http://x", query="")
JOB = JobSpec(
    name="j",
    run_id="r",
    step_run_id="s",
    compute_target="local",
    command=(JobArgument(value="train.py"), JobArgument(input="data")),
    artifacts=TARGET,
    log_name="l",
    metrics_name="m",
)


def started(launch="script", **resources):
    job = JOB.model_copy(update={"launch": launch, "resources": StepResources.model_validate(resources)})
    made = on_one_machine(job)
    return made.launch, " ".join(word.value or f"<{word.input}>" for word in made.command)


def test_one_process_needs_nothing():
    assert started() == ("script", "train.py <data>")
    assert started(communicator="mpi") == ("script", "train.py <data>")


@pytest.mark.parametrize(
    ("launch", "command"),
    [
        ("script", "mpirun --allow-run-as-root --oversubscribe -n 3 python train.py <data>"),
        ("module", "mpirun --allow-run-as-root --oversubscribe -n 3 python -m train.py <data>"),
        ("executable", "mpirun --allow-run-as-root --oversubscribe -n 3 train.py <data>"),
    ],
)
def test_mpirun_starts_what_the_job_would(launch, command):
    assert started(launch, process_count_per_node=3, communicator="mpi") == ("executable", command)


def test_pytorch_has_a_launcher_of_its_own():
    words = "torch.distributed.run --nproc-per-node 2 train.py <data>"
    assert started(process_count_per_node=2, communicator="pytorch") == ("module", words)
