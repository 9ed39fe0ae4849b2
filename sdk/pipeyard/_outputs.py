"""Outputs of steps on the local disk."""

from pathlib import Path

from pipeyard import _wire
from pipeyard._checks import suggest
from pipeyard._client import Client
from pipeyard._follow import SUCCESS
from pipeyard._transfer import below, download_file, in_parallel
from pipeyard.exceptions import UserErrorException


def find_output(client: Client, run_id: str, step: str, name: str) -> _wire.OutputDocument:
    """An output of a step by name.

    Raises:
        UserErrorException: The step has none of this name (yet).
    """
    outputs = {output["name"]: output for output in client.get_outputs(run_id, step)}
    if name in outputs:
        return outputs[name]
    status = client.get_step(run_id, step)["status"]
    if outputs or status == SUCCESS:
        known = f"It has: {', '.join(sorted(outputs)) or 'none'}.{suggest(name, outputs)}"
    else:
        known = f"It is {status}, and a step has its outputs once it is {SUCCESS}."
    raise UserErrorException(f"The step {step!r} has no output {name!r}. {known}")


def download_output(
    client: Client, run_id: str, step: str, output: _wire.OutputDocument, directory: str | Path
) -> Path:
    """Fetch an output to `directory/<name>`, checking every file against its digest. Returns that place."""
    target = Path(directory) / output["name"]

    def fetch(file: _wire.FileDocument) -> None:
        url = client.get_output_url(run_id, step, output["name"], file["path"])
        place = below(target, file["path"]) if file["path"] else target
        download_file(client.http, url, place, file["sha256"], file.get("md5"))

    if not output.get("is_file"):
        target.mkdir(parents=True, exist_ok=True)
    in_parallel(fetch, output.get("files", ()))
    return target
