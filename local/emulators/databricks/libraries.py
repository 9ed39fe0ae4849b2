"""Libraries of a task, as requirements for pip, and JARs; what comes from Maven or is for R is refused by name."""

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

_NO_SOURCE = (
    "The emulator reaches no Maven repository and has no R: {what} cannot be installed. "
    "List a JAR as a file, or use a real workspace for this step."
)
_EGG = "Eggs are not supported by Databricks Runtime 14.0 and later: {what}. Build a wheel."
_WHEEL = re.compile(r"[\w.]+(?:-[\w.+!]+){4,5}\.whl")


class LibraryError(Exception):
    """A library that cannot be installed; the message says which and why."""


class Libraries:
    """Turns libraries into requirements.

    Args:
        folder: Where wheels are kept by their content: the same path may hold another wheel the next time.
        locate: Gives the local file of a path of the workspace, a volume or a URI.
    """

    def __init__(self, folder: Path, locate: Callable[[str], Path]) -> None:
        self._folder = folder
        self._locate = locate

    def requirements(self, libraries: list[dict[str, Any]], dependencies: list[str]) -> tuple[str, ...]:
        """What pip has to install.

        Args:
            libraries: Of a task with a cluster.
            dependencies: Of a serverless task's environment: lines of a requirements file.

        Raises:
            LibraryError: One cannot be installed here.
        """
        found = [line for library in libraries for line in self._lines(library)]
        return tuple(found + [line for text in dependencies for line in self._line(text)])

    def jars(self, libraries: list[dict[str, Any]]) -> list[str]:
        """Local files of a task's JARs.

        Raises:
            LibraryError: One is not there.
        """
        return [str(self._file(library["jar"])) for library in libraries if "jar" in library]

    def _lines(self, library: dict[str, Any]) -> list[str]:
        kind, value = next(iter(library.items()))
        if kind == "jar":
            return []
        if kind == "pypi":
            repository = [f"--extra-index-url {value['repo']}"] if value.get("repo") else []
            return [value["package"], *repository]
        if kind == "requirements":
            return self._line(f"-r {value}")
        if kind == "whl":
            return [str(self._wheel(value))]
        what = f"{kind} {value if isinstance(value, str) else value.get('coordinates', value.get('package', ''))}"
        raise LibraryError((_EGG if kind == "egg" else _NO_SOURCE).format(what=what))

    def _line(self, text: str) -> list[str]:
        """Lines that one line of a requirements file stands for."""
        text = re.sub(r"(^|\s)#.*", "", text).strip()
        if text.startswith(("-r ", "--requirement ")):
            content = self._file(text.split(maxsplit=1)[1]).read_text(encoding="utf-8")
            return [line for one in content.splitlines() for line in self._line(one)]
        if text.endswith(".whl") and text.startswith(("/", "dbfs:", "abfss:", "wasbs:")):
            return [str(self._wheel(text))]
        return [text] if text else []

    def _wheel(self, path: str) -> Path:
        file = self._file(path)
        if not _WHEEL.fullmatch(file.name):
            raise LibraryError(
                f"{path} is no wheel's name: <name>-<version>-<python>-<abi>-<platform>.whl is expected."
            )
        kept = self._folder / hashlib.sha256(file.read_bytes()).hexdigest()[:16] / file.name
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, kept)
        return kept

    def _file(self, path: str) -> Path:
        file = self._locate(path)
        if not file.is_file():
            raise LibraryError(f"Library file not found: {path}")
        return file
