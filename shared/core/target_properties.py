"""What may be wrong with the properties of a compute target: each of them, and all of them together."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from .compute_targets import AML_COMPUTE, DATA_LAKE_ANALYTICS, DATABRICKS, TargetLimits, properties_model
from .data_lake_analytics import RETIRED
from .errors import Fault
from .pointers import json_pointer
from .shapes import Place, shape_faults
from .wording import Suggester, quoted

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Where a token may travel unencrypted: emulators."""
_RESOURCE = r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/"
_AML_WORKSPACE = re.compile(_RESOURCE + r"Microsoft\.MachineLearningServices/workspaces/[^/]+", re.IGNORECASE)
_DATABRICKS_WORKSPACE = re.compile(_RESOURCE + r"Microsoft\.Databricks/workspaces/[^/]+", re.IGNORECASE)
_SUBNET = re.compile(_RESOURCE + r"Microsoft\.Network/virtualNetworks/[^/]+/subnets/[^/]+", re.IGNORECASE)
_CLUSTER_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")


def property_faults(type_: str, properties: Mapping[str, Any], *, attached: bool) -> list[Fault]:
    """Everything that is wrong with the properties of a target of a type; pointers begin below them."""
    model = properties_model(type_)
    faults: list[Fault] = []
    try:
        model.model_validate(properties)
    except ValidationError as error:
        faults += shape_faults(error, lambda loc: Place(loc, model), Suggester())
    together = _CHECKS[type_](properties, attached) if type_ in _CHECKS else iter(())
    first: dict[str, Fault] = {}
    for fault in (*faults, *together, *_unknown(type_, model, properties)):
        first.setdefault(fault.pointer, fault)
    return [*first.values()]


def _unknown(type_: str, model: type[TargetLimits], given: Mapping[str, Any]) -> Iterator[Fault]:
    """Misspelled properties; types of which nothing is read may have any."""
    suggester, known = Suggester(), list(model.model_fields)
    for name in () if model is TargetLimits else given:
        if name not in known:
            yield _fault(
                name,
                f"Targets of type {quoted(type_)} have no property {quoted(name)}.",
                suggester.suggest(name, known),
            )


def _fault(name: str, message: str, suggestion: str | None = None) -> Fault:
    return Fault(pointer=json_pointer(name), message=message, suggestion=suggestion)


def _cluster_faults(given: Mapping[str, Any], attached: bool) -> Iterator[Fault]:  # noqa: FBT001 - called by table
    least, most = given.get("min_nodes", 0), given.get("max_nodes")
    if most is None and not attached:
        yield _fault("max_nodes", "A cluster needs `max_nodes`: how far it may grow.")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield _fault("min_nodes", f"It keeps {least} nodes and may have {most} at most.", "Lower it to `max_nodes`.")
    if given.get("emulated") and given.get("workspace_resource_id"):
        yield _fault(
            "workspace_resource_id", "An emulated cluster is in no Azure ML workspace.", "Give one of the two."
        )
    yield from _resource_faults(given, "workspace_resource_id", _AML_WORKSPACE, "an Azure ML workspace")
    yield from _resource_faults(given, "subnet_id", _SUBNET, "a subnet")
    name = given.get("cluster_name")
    if isinstance(name, str) and not _CLUSTER_NAME.fullmatch(name):
        yield _fault(
            "cluster_name", "A cluster's name has 1 to 32 letters, digits and dashes, and starts with a letter."
        )
    if "resource_id" in given:
        yield _fault("resource_id", "A cluster is named by `workspace_resource_id` and `cluster_name`.")
    if given.get("identity_type") == "UserAssigned" and not given.get("identity_ids"):
        yield _fault("identity_ids", "`UserAssigned` needs the resource ids of the identities.")
    if given.get("identity_ids") and given.get("identity_type") != "UserAssigned":
        yield _fault("identity_ids", "Identities are given with the `identity_type` `UserAssigned` only.")


def _databricks_faults(given: Mapping[str, Any], _attached: bool) -> Iterator[Fault]:  # noqa: FBT001 - as above
    if given.get("emulated"):
        for name in ("workspace_url", "resource_id"):
            if given.get(name):
                yield _fault(name, "An emulated workspace has an address of its own.", "Give one of the two.")
    yield from _resource_faults(given, "resource_id", _DATABRICKS_WORKSPACE, "a Databricks workspace")
    url = given.get("workspace_url")
    if isinstance(url, str) and not _is_origin(url):
        yield _fault(
            "workspace_url", "Must be a workspace's https address, such as `https://adb-1234.5.azuredatabricks.net`."
        )


def _data_lake_faults(given: Mapping[str, Any], attached: bool) -> Iterator[Fault]:  # noqa: FBT001 - as above
    if given.get("engine") and given.get("emulated"):
        yield _fault("engine", "The emulator brings its own engine.", "Give one of the two.")
    if attached and not given.get("engine") and not given.get("emulated"):
        yield _fault("engine", RETIRED)


_CHECKS = {AML_COMPUTE: _cluster_faults, DATABRICKS: _databricks_faults, DATA_LAKE_ANALYTICS: _data_lake_faults}


def _resource_faults(given: Mapping[str, Any], name: str, form: re.Pattern[str], what: str) -> Iterator[Fault]:
    value = given.get(name)
    if isinstance(value, str) and not form.fullmatch(value):
        example = re.sub(r"\\|\(\?.*?\)", "", form.pattern).replace("[^/]+", "...")
        yield _fault(name, f"Must be the resource id of {what}: `{example}`.")


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return (
        parts.scheme == "https"
        and named
        and parts.path in {"", "/"}
        and not (parts.query or parts.fragment or parts.username)
    )
