"""The software of a job: a virtual environment for each list of packages, made once, on top of the workspace's own.

Packages that the workspace has are found there through a `.pth` file; what is listed besides, or in another version,
is installed by pip into the environment. There are no images here and no other Python: the log says so.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import sys
import sysconfig
import threading
import venv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml
from packaging.requirements import InvalidRequirement, Requirement

from local.emulators.processes import Command, Processes
from runner.script import passed_on

_CONDA_PIN = re.compile(r"(?:[\w-]+::)?(?P<name>[\w.-]+)\s*(?P<rest>[=<>!~].*)?\Z")
_NOT_FROM_PIP = frozenset({"python", "pip", "setuptools", "wheel", "conda"})
_LIMIT_SECONDS = 1800
_LINES = 3
_LOOK_SECONDS = 0.2


class BuildError(Exception):
    """An environment that cannot be made; the message ends with what pip said."""


@dataclass(frozen=True, slots=True)
class Software:
    """What a job needs.

    Attributes:
        packages: Requirements as pip takes them.
        python: Version that was asked for, for the log.
        image: Image that was asked for, for the log.
    """

    packages: tuple[str, ...] = ()
    python: str | None = None
    image: str | None = None

    @classmethod
    def from_conda(cls, text: str | None, image: str | None = None) -> "Software":
        """What a conda file lists; its packages are taken from PyPI by the same names.

        Raises:
            ValueError: It is no conda file.
        """
        try:
            document = yaml.safe_load(text or "") or {}
        except yaml.YAMLError as error:
            raise ValueError(f"The conda file is no YAML: {error}") from error
        listed = document.get("dependencies", []) if isinstance(document, dict) else None
        if not isinstance(listed, list):
            raise ValueError("The conda file has no list of dependencies.")  # noqa: TRY004 - it is the text that is wrong
        pip = [line for entry in listed if isinstance(entry, dict) for line in entry.get("pip", [])]
        return cls.of([entry for entry in listed if isinstance(entry, str)], pip, image=image)

    @classmethod
    def of(
        cls, conda: Iterable[str], pip: Iterable[str], *, python: str | None = None, image: str | None = None
    ) -> "Software":
        """From lists of conda's and of pip's packages."""
        packages = []
        for entry in conda:
            name, rest = _conda_parts(entry)
            if name == "python":
                python = rest.lstrip("=").removesuffix(".*") or None
            elif name not in _NOT_FROM_PIP:
                packages.append(name + rest)
        return cls((*packages, *(line.strip() for line in pip)), python, image)


class Environments:
    """Virtual environments below a folder. Safe for many threads: each is made once."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self._folder = folder.absolute()
        self._processes = processes
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def python(self, software: Software, log: Path, given_up: Callable[[], bool] = lambda: False) -> Path:
        """The interpreter of an environment, which is made if there is none; what happens is added to `log`.

        Args:
            software: What it has to hold.
            log: File that pip's words are added to.
            given_up: Whether nobody wants it any more; asked now and then.

        Raises:
            BuildError: pip cannot install what is listed, or it was given up.
        """
        digest = hashlib.sha256(json.dumps([sys.version, sorted(software.packages)]).encode()).hexdigest()[:16]
        home = self._folder / digest
        with self._lock:
            own = self._locks.setdefault(digest, threading.Lock())
        while not own.acquire(timeout=_LOOK_SECONDS):
            if given_up():
                raise BuildError("The environment was given up while another job made it.")
        try:
            ready = (home / "complete").exists()
            with log.open("a", encoding="utf-8") as out:
                print(
                    *_remarks(software), f"Environment {digest}{' (made before)' if ready else ''}", sep="\n", file=out
                )
            if not ready:
                self._make(home, software.packages, log, given_up)
        finally:
            own.release()
        return home / "bin" / "python"

    def _make(self, home: Path, packages: Sequence[str], log: Path, given_up: Callable[[], bool]) -> None:
        shutil.rmtree(home, ignore_errors=True)  # of an emulator that was killed meanwhile
        self._folder.mkdir(parents=True, exist_ok=True)
        venv.create(home, with_pip=False, symlinks=True)
        own = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
        # Unlike a mere path, this also follows the links of packages that are installed from their sources.
        line = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
        (own / "workspace.pth").write_text(line, encoding="utf-8")
        missing = [word for line in packages if not _is_satisfied(line) for word in _words(line)]
        if missing:
            self._install(home, missing, log, given_up)
        (home / "complete").touch()

    def _install(self, home: Path, words: Sequence[str], log: Path, given_up: Callable[[], bool]) -> None:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
        pip += ["--python", str(home / "bin" / "python"), "install", "--progress-bar", "off", *words]
        before = log.stat().st_size
        # Under a keeper, so that pip does not outlive an emulator that is killed.
        own = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        command = Command(pip, passed_on(os.environ) | own, log)
        running = self._processes.start([command], folder=home, time_limit=_LIMIT_SECONDS)
        while (ended := running.wait(_LOOK_SECONDS)) is None:
            if given_up():
                running.kill()
        if not ended.succeeded:
            said = log.read_bytes()[before:].decode("utf-8", "replace").strip().splitlines()
            said = [line for line in said if not line.startswith("WARNING:")]
            raise BuildError(f"The environment could not be built: {' '.join(said[-_LINES:])}")


def _conda_parts(entry: str) -> tuple[str, str]:
    """Name and version of a conda package, the version in pip's words."""
    found = _CONDA_PIN.match(entry.strip())
    if found is None:
        raise ValueError(f"{entry!r} is no conda package.")
    name, rest = found["name"], (found["rest"] or "").strip()
    if rest.startswith("=") and not rest.startswith("=="):
        number = rest[1:].partition("=")[0].removesuffix("*").rstrip(".")  # what follows names a build
        rest = f"=={number}.*"
    return name, rest


def _remarks(software: Software) -> list[str]:
    remarks = [f"Packages: {', '.join(software.packages) or 'none'}"]
    if software.image:
        remarks.append(f"The emulator runs no images; {software.image} is left aside.")
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if software.python and not software.python.startswith(running):
        remarks.append(f"Python {software.python} was asked for; the emulator has Python {running}.")
    return remarks


def _is_satisfied(line: str) -> bool:
    """Whether the workspace's own packages meet a requirement, as far as that can be told without pip."""
    try:
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate():
            return True
        return (
            not wanted.extras
            and wanted.url is None
            and wanted.specifier.contains(version(wanted.name), prereleases=True)
        )
    except (InvalidRequirement, PackageNotFoundError):
        return False


def _words(line: str) -> list[str]:
    return shlex.split(line) if line.startswith("-") else [line]
