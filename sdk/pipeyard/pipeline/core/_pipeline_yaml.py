"""v1's YAML form of pipelines: Python script steps, data references, parameters.

    pipeline:
      name: digits
      parameters: {seed: {type: int, default: 7}}
      data_references: {raw: {datastore: workspaceblobstore, path_on_datastore: digits/raw.csv}}
      default_compute: local
      steps:
        prepare:
          type: PythonScriptStep
          name: prepare
          script: prepare.py
          source_directory: src
          inputs: {raw: {source: raw}}
          outputs: {train: {destination: train, datastore: workspaceblobstore}}
          arguments: ["--raw", "input:raw", "--train", "output:train", "--seed", "parameter:seed"]

An input's `source` is the name of a data reference or of another step's `destination`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeyard._checks import not_offered, refuse_unknown
from pipeyard._optional import require
from pipeyard.core.datastore import Datastore
from pipeyard.core.workspace import Workspace
from pipeyard.data.data_reference import DataReference
from pipeyard.data.datapath import DataPath
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core.graph import PipelineParameter
from pipeyard.pipeline.core.pipeline import Pipeline
from pipeyard.pipeline.core.pipeline_data import PipelineData

STEP_KEYS = frozenset(
    {
        "type", "name", "script", "source_directory", "compute", "inputs", "outputs", "arguments", "parameters",
        "version", "allow_reuse", "runconfig",
    }
)  # fmt: skip
_CASTS = {"int": int, "float": float, "string": str, "bool": bool}


def load(workspace: Workspace, file: Path) -> Pipeline:
    """A pipeline from a file.

    Raises:
        UserErrorException: The file cannot be read, or something in it is not known.
    """
    yaml = require("yaml", "yaml")
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserErrorException(f"The pipeline {file} cannot be read: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("pipeline"), dict):
        raise UserErrorException(f'{file} is no pipeline: it must have a mapping "pipeline".')
    return _Loader(workspace, file, document["pipeline"]).load()


class _Loader:
    """Makes the objects of one file, each once."""

    def __init__(self, workspace: Workspace, file: Path, document: Mapping[str, Any]) -> None:
        self._workspace = workspace
        self._file = file
        self._document = document
        self._data: dict[str, PipelineData] = {}
        self._parameters = {
            name: PipelineParameter(name, self._default(name, about))
            for name, about in (document.get("parameters") or {}).items()
        }

    def load(self) -> Pipeline:
        steps = self._document.get("steps") or {}
        named = steps.items() if isinstance(steps, dict) else ((str(item.get("name")), item) for item in steps)
        made = [self._step(name, about) for name, about in list(named)]
        return Pipeline(
            self._workspace, made, description=self._document.get("description"), name=self._document.get("name")
        )

    def _default(self, name: str, about: Mapping[str, Any]) -> Any:
        kind = str(about.get("type", "string")).lower()
        if kind == "datapath":
            default = about["default"]
            return DataPath(Datastore.get(self._workspace, default["datastore"]), default.get("path_on_datastore"))
        if kind not in _CASTS:
            raise UserErrorException(f"{self._file}: the parameter {name!r} is of the unknown type {kind!r}.")
        return _CASTS[kind](about["default"])

    def _step(self, name: str, about: Mapping[str, Any]) -> Any:
        from pipeyard.pipeline.steps import PythonScriptStep  # noqa: PLC0415  (steps load this package)

        where = f"{self._file}: the step {name!r}"
        refuse_unknown(where, about, STEP_KEYS)
        if about.get("type", "PythonScriptStep") != "PythonScriptStep":
            raise not_offered(f"steps of the type {about['type']} in YAML", "Make the step in Python.")
        if about.get("runconfig"):
            raise not_offered("run configurations in YAML", "Make the step in Python.")
        reads = {port: self._source(where, source) for port, source in (about.get("inputs") or {}).items()}
        writes = {port: self._destination(port, place) for port, place in (about.get("outputs") or {}).items()}
        return PythonScriptStep(
            about["script"],
            name=about.get("name", name),
            arguments=[self._word(where, word, reads, writes) for word in about.get("arguments") or ()],
            inputs=[*reads.values()],
            outputs=[*writes.values()],
            params={key: self._parameters.get(key, value) for key, value in (about.get("parameters") or {}).items()},
            source_directory=self._file.parent / about.get("source_directory", "."),
            compute_target=about.get("compute", self._document.get("default_compute")),
            version=about.get("version"),
            allow_reuse=bool(about.get("allow_reuse", True)),
        )

    def _source(self, where: str, source: Any) -> Any:
        name = source["source"] if isinstance(source, dict) else source
        references = self._document.get("data_references") or {}
        if name not in references:
            return self._of(str(name), None)
        about = references[name]
        if "datastore" not in about:
            raise not_offered(f"{where}: data references to datasets or databases in YAML", "Make the step in Python.")
        return DataReference(Datastore.get(self._workspace, about["datastore"]), name, about.get("path_on_datastore"))

    def _destination(self, port: str, place: Any) -> PipelineData:
        about = place if isinstance(place, dict) else {}
        return self._of(str(about.get("destination", port)), about.get("datastore"))

    def _of(self, name: str, datastore: str | None) -> PipelineData:
        data = self._data.setdefault(name, PipelineData(name))
        data.datastore = datastore or data.datastore
        return data

    def _word(self, where: str, word: Any, reads: Mapping[str, Any], writes: Mapping[str, Any]) -> Any:
        kind, _, name = str(word).partition(":")
        known: dict[str, Mapping[str, Any]] = {"input": reads, "output": writes, "parameter": self._parameters}
        if kind not in known or not name:
            return word
        if name not in known[kind]:
            raise UserErrorException(f"{where} has no {kind} {name!r}.")
        return known[kind][name]
