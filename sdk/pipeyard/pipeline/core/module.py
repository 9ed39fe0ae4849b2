"""v1's `azureml.pipeline.core.module`: steps to be used again, in versions.

A module's version is a template of a step: script, source directory (as a snapshot), ports, arguments and parameters.
`ModuleStep` connects its ports with data.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard._checks import not_offered, require_workspace
from pipeyard._clients.catalogue import CatalogueClient
from pipeyard.core._entity import Entity
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core._template import script_template

if TYPE_CHECKING:
    import builtins
    from collections.abc import Mapping, Sequence

    from pipeyard.core.runconfig import RunConfiguration
    from pipeyard.core.workspace import Workspace
    from pipeyard.pipeline.core.graph import InputPortDef, OutputPortDef

# ruff: noqa: FBT001, FBT002  (v1's signatures)

_DOTTED = re.compile(r"\d+(\.\d+)*")
DISABLED = "Disabled"


class ModuleVersion:
    """A version of a module.

    Attributes:
        workspace: Where it is kept.
        module_id: Its module.
        module_name: The module's name.
        document: Everything that the workspace knows about it.
    """

    def __init__(self, workspace: Workspace, module_id: str, module_name: str, document: Mapping[str, Any]) -> None:
        self.workspace = workspace
        self.module_id = module_id
        self.module_name = module_name
        self.document = dict(document)

    @property
    def version(self) -> str:
        """Its name among the module's versions."""
        return str(self.document["version"])

    @property
    def status(self) -> str:
        """`Active`, `Deprecated` or `Disabled`."""
        return str(self.document["status"])

    @property
    def description(self) -> str:
        """What is new in it."""
        return str(self.document.get("description") or "")

    @property
    def step(self) -> dict[str, Any]:
        """The template of the step."""
        return dict(self.document["step"])

    def __repr__(self) -> str:
        return f"ModuleVersion(module={self.module_name!r}, version={self.version!r})"


class Module(Entity):
    """A step to be used again.

    Attributes:
        workspace: Where it is kept.
        document: Everything that the workspace knows about it.
    """

    @staticmethod
    def create(workspace: Workspace, name: str, description: str) -> Module:
        """Create a module without versions.

        Raises:
            UserErrorException: The name is taken.
        """
        require_workspace(workspace, "Module.create")
        return Module(workspace, CatalogueClient(workspace.client.http).create_module(name, description))

    @staticmethod
    def get(workspace: Workspace, module_id: str | None = None, name: str | None = None) -> Module:
        """A module by its id or its name.

        Raises:
            UserErrorException: There is none, or neither is given.
        """
        require_workspace(workspace, "Module.get")
        client = CatalogueClient(workspace.client.http)
        if module_id is not None:
            return Module(workspace, client.get_module(module_id))
        if name is not None:
            return Module(workspace, client.get_module_by_name(name))
        raise UserErrorException("Module.get needs a module_id or a name.")

    @staticmethod
    def list(workspace: Workspace) -> builtins.list[Module]:
        """Every module."""
        require_workspace(workspace, "Module.list")
        return [Module(workspace, document) for document in CatalogueClient(workspace.client.http).list_modules()]

    @staticmethod
    def get_versions(workspace: Workspace, name: str) -> builtins.list[ModuleVersion]:
        """Every version of a module."""
        return Module.get(workspace, name=name).module_version_list()

    @property
    def status(self) -> str:
        """`Active`, `Deprecated` or `Disabled`."""
        return str(self.document["status"])

    @property
    def default_version(self) -> str | None:
        """The version that is used unless another is named."""
        return self.document.get("default_version")

    def module_version_list(self) -> builtins.list[ModuleVersion]:
        """Every version, oldest first."""
        return [ModuleVersion(self.workspace, self.id, self.name, item) for item in self.document.get("versions") or ()]

    def publish_python_script(
        self,
        script_name: str,
        description: str,
        inputs: Sequence[InputPortDef] | None = None,
        outputs: Sequence[OutputPortDef] | None = None,
        params: Mapping[str, Any] | None = None,
        create_sequencing_ports: bool = True,
        version: str | None = None,
        is_default: bool = False,
        source_directory: str | Path | None = None,
        hash_paths: Sequence[str] | None = None,
        category: str | None = None,
        arguments: Sequence[Any] | None = None,
        runconfig: RunConfiguration | None = None,
    ) -> ModuleVersion:
        """Add a version that runs a Python script.

        Args:
            script_name: Relative to the source directory.
            description: What is new in it.
            inputs: Ports that it reads.
            outputs: Ports that it writes.
            params: Defaults of values that the script finds in `AML_PARAMETER_<name>`.
            create_sequencing_ports: Accepted for v1's sake: every step can run after others.
            version: Its name; None counts on.
            is_default: Use it unless another version is named.
            source_directory: What travels with the script; else the working directory.
            hash_paths: Without effect.
            category: Accepted for v1's sake.
            arguments: Words after the script; ports among them become paths.
            runconfig: The environment of steps that bring none.

        Raises:
            ValueError: The script does not exist, or a port is wrong.
            UserErrorException: The version exists.
        """
        from pipeyard._snapshots import take_snapshot, upload_snapshot  # noqa: PLC0415  (hashing is needed here only)

        del create_sequencing_ports, hash_paths, category
        source = Path(source_directory or ".")
        if not (source / script_name).is_file():
            raise ValueError(f"There is no script {source / script_name} for the module {self.name!r}.")
        snapshot = take_snapshot(source)
        template = script_template(script_name, snapshot.digest, inputs, outputs, params, arguments, runconfig)
        self._check_version(version)
        upload_snapshot(self.workspace.client, snapshot)
        body = {"version": version, "step": template, "description": description, "is_default": is_default}
        sent = {key: value for key, value in body.items() if value is not None}
        CatalogueClient(self.workspace.client.http).add_module_version(self.id, sent)
        self._refresh()
        return self.module_version_list()[-1]

    def _check_version(self, version: str | None) -> None:
        if version is not None and any(item.version == str(version) for item in self.module_version_list()):
            raise UserErrorException(f"The module {self.name!r} has a version {version!r} already.")

    def publish(self, **kwargs: Any) -> ModuleVersion:
        """Refused: a module is made of a script."""
        del kwargs
        raise not_offered("Module.publish", "Use Module.publish_python_script.")

    def publish_adla_script(self, **kwargs: Any) -> ModuleVersion:
        """Refused: there is no engine for it."""
        del kwargs
        raise not_offered("modules of U-SQL scripts", "Azure has retired Data Lake Analytics.")

    def publish_azure_batch(self, **kwargs: Any) -> ModuleVersion:
        """Refused: there is no engine for it."""
        del kwargs
        raise not_offered("modules for Azure Batch", "Use Module.publish_python_script.")

    def resolve(self, version: str | None = None) -> ModuleVersion | None:
        """A version: the named one, else the default, else the highest number, else the newest.

        Raises:
            UserErrorException: The named one does not exist.
        """
        versions = self.module_version_list()
        wanted = version if version is not None else self.default_version
        if wanted is not None:
            for item in versions:
                if item.version == str(wanted):
                    return item
            known = ", ".join(item.version for item in versions) or "none"
            raise UserErrorException(f"The module {self.name!r} has no version {wanted!r}; it has {known}.")
        usable = [item for item in versions if item.status != DISABLED]
        numbered = [item for item in usable if _DOTTED.fullmatch(item.version)]
        if numbered:
            return max(numbered, key=lambda item: tuple(map(int, item.version.split("."))))
        return usable[-1] if usable else None

    def get_default(self) -> ModuleVersion | None:
        """The version that is used unless another is named."""
        return self.resolve()

    def get_default_version(self) -> str | None:
        """Its name."""
        return self.default_version

    def set_default_version(self, version_id: str) -> None:
        """Use a version unless another is named."""
        self._change({"default_version": str(version_id)})

    def set_name(self, name: str) -> None:
        """Give it another name."""
        self._change({"name": name})

    def set_description(self, description: str) -> None:
        """Describe it anew."""
        self._change({"description": description})

    def enable(self) -> None:
        """Let it be used again."""
        self._change({"status": "Active"})

    def disable(self) -> None:
        """Let nobody use it any more."""
        self._change({"status": DISABLED})

    def deprecate(self) -> None:
        """Mark it as outdated."""
        self._change({"status": "Deprecated"})

    def _change(self, changes: Mapping[str, Any]) -> None:
        CatalogueClient(self.workspace.client.http).change_module(self.id, changes)
        self._refresh()

    def _refresh(self) -> None:
        self.document = CatalogueClient(self.workspace.client.http).get_module(self.id)

    def __repr__(self) -> str:
        return f"Module(name={self.name!r}, id={self.id!r})"
