"""Several processes of one job on one machine, for compute that has no way of its own to start them."""

from .jobs import JobArgument, JobSpec


def on_one_machine(job: JobSpec) -> JobSpec:
    """The job with a command line that starts its processes: `mpirun`, or PyTorch's launcher.

    A job of one process stays as it is. Nothing starts TensorFlow's workers: their cluster needs a service that
    tells them of each other.
    """
    count, communicator = job.resources.process_count_per_node, job.resources.communicator
    if count == 1 or communicator not in {"mpi", "pytorch"}:
        return job
    if communicator == "pytorch":
        words = ("--nproc-per-node", str(count), *(("-m",) if job.launch == "module" else ()))
        return _started(job, "module", ("torch.distributed.run", *words))
    python = job.interpreter or "python"
    interpreter = {"script": (python,), "module": (python, "-m")}.get(job.launch, ())
    words = ("mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(count), *interpreter)
    return _started(job, "executable", words)


def _started(job: JobSpec, launch: str, words: tuple[str, ...]) -> JobSpec:
    command = (*(JobArgument(value=word) for word in words), *job.command)
    return job.model_copy(update={"launch": launch, "command": command})
