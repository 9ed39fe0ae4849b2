"""What travels to a node besides the snapshot: the runner and the SDK, each as one archive of reproducible bytes."""

import io
from functools import lru_cache
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from runner.node import OWN_FOLDER, PACKAGES
from shared.core import names
from shared.core.errors import BackendError

RUNNER = names.CODE_COMPLETE

_ROOT = Path(__file__).resolve().parents[3]
_START = b"import sys\n\nfrom runner.node import main\n\nsys.exit(main())\n"
_OF_THE_HOST = frozenset({"__main__.py", "zygote.py", "zygote_client.py"})
"""Files of the runner's package that start jobs on the host's own machine."""


@lru_cache(maxsize=1)
def node_files() -> dict[str, bytes]:
    """The archives by their path below the working directory.

    Raises:
        BackendError: This installation lacks the sources.
    """
    runner = {f"runner/{name}": data for name, data in _sources("runner").items() if name not in _OF_THE_HOST}
    sdk = {f"pipeyard/{name}": data for name, data in _sources("sdk/pipeyard").items()}
    core = {f"pipeyard/_core/{name}": data for name, data in _sources("shared/core").items()}  # a link in the sources
    return {
        RUNNER: _archive({**runner, "__main__.py": _START}),
        f"{OWN_FOLDER}/{PACKAGES}": _archive({**sdk, **core}),
    }


def _sources(folder: str) -> dict[str, bytes]:
    root = _ROOT / folder
    found = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    if not found:
        raise BackendError(f"This installation lacks the folder {folder}, which jobs on clusters need.")
    return found


def _archive(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_STORED) as archive:  # what compression makes of it depends on the library's version
        for name in sorted(files):
            archive.writestr(ZipInfo(name), files[name])  # with ZIP's first date
    return stream.getvalue()
