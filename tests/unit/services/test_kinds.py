"""Housekeeping knows every kind of record."""

import importlib
import pkgutil

import shared.core
import shared.services
from shared.core.catalogue import CatalogueRecord
from shared.services.maintenance.kinds import BACKED_UP, PASSING


def test_every_kind_is_backed_up_or_left_out_on_purpose() -> None:
    for package in (shared.core, shared.services):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    known = {kind for kind in CatalogueRecord.__subclasses__() if kind.__module__.startswith("shared.")}
    assert known == {*BACKED_UP, *PASSING}
    assert not {*BACKED_UP} & {*PASSING}
