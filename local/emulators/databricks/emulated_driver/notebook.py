"""Runs the cells of a notebook in one namespace."""

from __future__ import annotations

import linecache
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .cells import Cell, read_cells
from .dbutils import Dbutils, NotEmulated
from .paths import Paths
from .spark import run_statement

_IGNORED = frozenset({"md", "md-sandbox", "matplotlib", "autoreload", "load_ext"})
_LAST_WORDS = 2000
_ARGUMENT = re.compile(r"\$?(\w+)=(.*)", re.DOTALL)


class Notebook:
    """The state of a running notebook.

    Args:
        namespace: What its code sees as globals.
        dbutils: Its `dbutils`.
        paths: Where notebooks and files lie.
        packages: Folder for what `%pip` installs.
    """

    def __init__(self, namespace: dict[str, Any], dbutils: Dbutils, paths: Paths, packages: Path) -> None:
        self._namespace = namespace
        self._dbutils = dbutils
        self._paths = paths
        self._packages = packages
        self._magics: dict[str, Callable[[Cell, Path], None]] = {
            "python": self._python,
            "sql": self._sql,
            "run": self._run,
            "pip": self._pip,
            "sh": self._shell,
            "fs": self._files,
        }

    def run(self, file: Path) -> None:
        """Run every cell of a file.

        Raises:
            NotEmulated: A cell is in a language that the emulator does not have.
        """
        for cell in read_cells(file.read_text(encoding="utf-8")):
            if cell.magic in _IGNORED or cell.magic == "restart_python":
                continue
            if cell.magic not in self._magics:
                raise NotEmulated(f"Cell {cell.number} of {file.name}: the emulator does not run %{cell.magic} cells.")
            self._magics[cell.magic](cell, file)

    def _python(self, cell: Cell, file: Path) -> None:
        name = f"{file}#cell{cell.number}"
        linecache.cache[name] = (len(cell.text), None, cell.text.splitlines(keepends=True), name)
        exec(compile(cell.text, name, "exec"), self._namespace)  # noqa: S102 -- what a notebook is for

    def _sql(self, cell: Cell, file: Path) -> None:
        del file
        for statement in (part.strip().rstrip(";") for part in cell.text.split(";\n")):
            if statement:
                self._namespace["_sqldf"] = found = run_statement(statement, self._dbutils.widgets.getAll())
                if found.columns:
                    self._namespace["display"](found)

    def _run(self, cell: Cell, file: Path) -> None:
        words = shlex.split(cell.text)
        if not words:
            raise ValueError(f"Cell {cell.number} of {file.name}: %run needs the path of a notebook.")
        matches = [_ARGUMENT.fullmatch(word) for word in words[1:]]
        self._dbutils.widgets.give({found[1]: found[2] for found in matches if found})
        self.run(self._paths.notebook(words[0], file))

    def _pip(self, cell: Cell, file: Path) -> None:
        del file
        words = shlex.split(cell.text)
        if words[:1] != ["install"]:
            raise NotEmulated(f"The emulator runs %pip install only, not %pip {' '.join(words)}.")
        target = ["--disable-pip-version-check", "--no-input", "--target", str(self._packages)]
        local = [str(self._paths.local(word)) if word.startswith("/") else word for word in words[1:]]
        command = [sys.executable, "-m", "pip", "install", *target, *local]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        print(done.stdout, done.stderr)
        if done.returncode:
            raise RuntimeError(f"%pip install failed: {' '.join(done.stderr.split())[-_LAST_WORDS:]}")
        if str(self._packages) not in sys.path:
            sys.path.insert(0, str(self._packages))

    def _shell(self, cell: Cell, file: Path) -> None:
        strict = cell.text.startswith("-e\n")
        script = cell.text.removeprefix("-e\n")
        sys.stdout.flush()
        subprocess.run(["/bin/bash", *(["-e"] if strict else []), "-c", script], cwd=file.parent, check=strict)

    def _files(self, cell: Cell, file: Path) -> None:
        del file
        words = shlex.split(cell.text)
        if words:
            self._namespace["display"](getattr(self._dbutils.fs, words[0])(*words[1:]))
