"""Secrets as files of a folder that nobody else may read: for local workspaces."""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9-]{1,127}\Z")


class SecretFolder:
    """The `SecretStore` port on a folder with one file for each secret."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> str | None:
        """The secret's value, None where there is none."""
        try:
            return self._file(name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def set(self, name: str, value: str) -> None:
        """Keep a value: whole or not at all, and at no moment readable by others."""
        file = self._file(name)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        temporary = self._folder / f".{name}.{secrets.token_hex(8)}"
        try:
            private = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(private, "w", encoding="utf-8") as out:
                out.write(value)
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        """Forget a secret."""
        with suppress(FileNotFoundError):
            self._file(name).unlink()

    def _file(self, name: str) -> Path:
        if not _NAME.match(name):
            raise ValueError(f"{name!r} cannot name a secret: use letters, digits and dashes.")
        return self._folder / name
