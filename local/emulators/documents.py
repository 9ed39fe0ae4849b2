"""A folder of JSON documents by key: an emulator's whole state, so that it survives being killed."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

Document = dict[str, Any]


class Documents:
    """Documents below one folder. Safe for many threads; each write is whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def read(self, key: str) -> Document | None:
        """The document, or None where there is none."""
        try:
            document: Document = json.loads(self._file(key).read_bytes())
        except FileNotFoundError:
            return None
        return document

    def write(self, key: str, document: Document) -> None:
        """Make or replace a document."""
        draft = self._folder / f".{threading.get_ident()}.tmp"
        draft.write_text(json.dumps(document), encoding="utf-8")
        draft.chmod(0o600)
        draft.replace(self._file(key))

    def add(self, key: str, document: Document) -> bool:
        """Make a document; False where there is one."""
        with self._lock:
            if self._file(key).exists():
                return False
            self.write(key, document)
            return True

    def update(self, key: str, **changes: Any) -> Document:
        """Set fields of a document and return it whole.

        Raises:
            KeyError: There is none.
        """
        with self._lock:
            document = self.read(key)
            if document is None:
                raise KeyError(key)
            document.update(changes)
            self.write(key, document)
            return document

    def remove(self, key: str) -> None:
        """Remove a document, if there is one."""
        with suppress(FileNotFoundError):
            self._file(key).unlink()

    def keys(self) -> list[str]:
        """Every key, sorted."""
        return sorted(unquote(file.stem) for file in self._folder.glob("*.json"))

    def __iter__(self) -> Iterator[tuple[str, Document]]:
        for key in self.keys():
            document = self.read(key)
            if document is not None:
                yield key, document

    def _file(self, key: str) -> Path:
        # A leading dot is a draft's.
        return self._folder / f"{quote(key, safe=' ').replace('.', '%2E')}.json"
