"""A job's inputs and outputs: from storage into its folder, and back."""

from local.emulators.azure_ml.contract import CommandJob, LiteralInput, Output, UriInput
from local.emulators.azure_ml.datastores import Datastores
from local.emulators.azure_ml.places import JobFolder, artifact_uri, default_output_uri
from local.emulators.storage import Storage, StorageError

_READ_ONLY_FILE, _READ_ONLY_FOLDER = 0o444, 0o555
_Seen = dict[str, tuple[int, int]]
_KEPT_FOLDERS = ("outputs", "logs")
"""Folders of the working directory that the service keeps with every run."""


class JobData:
    """The data of one job."""

    def __init__(self, name: str, job: CommandJob, folder: JobFolder, storage: Storage, datastores: Datastores) -> None:
        self._name = name
        self._job = job
        self._folder = folder
        self._storage = storage
        self._datastores = datastores
        self._mounted: dict[str, _Seen] = {}

    def fetch_code(self, uri: str) -> None:
        """Get the source files.

        Raises:
            StorageError: There are none.
        """
        self._storage.download(self._datastores.storage_uri(uri), self._folder.code)

    def prepare(self) -> dict[str, str]:
        """Get the inputs and make room for the outputs; returns what stands for their placeholders.

        Raises:
            StorageError: An input is not there.
        """
        values = {f"inputs.{name}": self._input(name, one) for name, one in (self._job.inputs or {}).items()}
        return values | {f"outputs.{name}": self._output(name, one) for name, one in (self._job.outputs or {}).items()}

    def store(self, *, succeeded: bool) -> None:
        """Put outputs into storage. What is mounted is there whatever became of the job, other outputs if it succeeded.

        Raises:
            StorageError: A place cannot be written to.
        """
        for name, output in (self._job.outputs or {}).items():
            if output.mode != "Upload":
                self._write_back(name, output)
            elif succeeded:
                self._upload(name, output)
        for kept in _KEPT_FOLDERS:
            if (self._folder.code / kept).is_dir():
                self._storage.upload(
                    self._folder.code / kept, self._datastores.storage_uri(artifact_uri(self._name, kept))
                )

    def _input(self, name: str, one: LiteralInput | UriInput) -> str:
        if isinstance(one, LiteralInput):
            return one.value
        if one.mode == "Direct":
            return one.uri
        folder = self._folder.input(name)
        files = self._storage.download(self._datastores.storage_uri(one.uri), folder)
        if one.mode != "Download":
            for path in folder.rglob("*"):
                path.chmod(_READ_ONLY_FOLDER if path.is_dir() else _READ_ONLY_FILE)
            folder.chmod(_READ_ONLY_FOLDER)
        if one.job_input_type == "uri_folder":
            return str(folder)
        if len(files) != 1 or files[0].parent != folder:
            raise StorageError(f"{one.uri} is no single file.")
        return str(files[0])

    def _output(self, name: str, output: Output) -> str:
        folder, uri = self._folder.output(name), self._place(name, output)
        folder.mkdir(parents=True)
        is_folder = output.job_output_type == "uri_folder"
        if is_folder and output.mode != "Upload" and self._storage.list(uri):
            self._storage.download(uri, folder)
            self._mounted[name] = self._state(name)
        return str(folder if is_folder else folder / uri.rstrip("/").rpartition("/")[2])

    def _place(self, name: str, output: Output) -> str:
        return self._datastores.storage_uri(output.uri or default_output_uri(self._name, name))

    def _upload(self, name: str, output: Output) -> None:
        source = self._folder.output(name)
        if output.job_output_type == "uri_file":
            source /= self._place(name, output).rstrip("/").rpartition("/")[2]
        if source.exists():
            self._storage.upload(source, self._place(name, output))

    def _write_back(self, name: str, output: Output) -> None:
        """As `_upload`, but leave alone what was there before and has not changed."""
        before = self._mounted.get(name, {})
        for path, state in self._state(name).items():
            if before.get(path) == state:
                (self._folder.output(name) / path).unlink()
        self._upload(name, output)

    def _state(self, name: str) -> _Seen:
        root = self._folder.output(name)
        found = {path: path.stat() for path in root.rglob("*") if path.is_file()}
        return {path.relative_to(root).as_posix(): (stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}
