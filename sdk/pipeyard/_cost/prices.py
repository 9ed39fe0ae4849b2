"""The prices: `prices.toml` of this package, or a file of the user's in the same form."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeyard._checks import suggest
from pipeyard._cost.documents import is_number, read, text_of, unknown_keys
from pipeyard.exceptions import Fault, UserErrorException

FILE = "prices.toml"
STANDINGS = ("checked", "reported", "unchecked")
"""Read on Azure's own page; found in public documents that quote it; from memory, to be looked up."""
METERS: Mapping[str, tuple[str, str]] = {
    "functions_executions": ("Functions", "executions"),
    "functions_gb_seconds": ("Functions", "GB-seconds"),
    "table_transactions": ("Storage", "table transactions"),
    "queue_operations": ("Storage", "queue operations"),
    "blob_writes": ("Storage", "blobs written"),
    "blob_lists": ("Storage", "lists of blobs"),
    "blob_reads": ("Storage", "blobs read"),
    "blob_other": ("Storage", "other blob requests"),
    "stored_gb": ("Storage", "GB of blobs kept"),
    "event_grid_operations": ("Event Grid", "operations"),
    "key_vault_operations": ("Key Vault", "operations"),
    "log_gb": ("Log Analytics", "GB of logs taken in"),
    "log_alert_rules": ("Alerts", "rules on logs"),
    "metric_alert_series": ("Alerts", "series of metrics watched"),
    "private_endpoint_hours": ("Network", "hours of private endpoints"),
    "private_dns_zones": ("Network", "private DNS zones"),
}
"""Everything that has a price: the resource that it is part of, and what is counted."""
_PRICE_KEYS = ("price", "per", "free", "region", "date", "source", "standing", "note")
_TEXTS = ("region", "source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What something costs.

    Attributes:
        price: For `per` of them.
        per: How many the price is for.
        free: How many of them each month costs nothing.
        standing: How far the price can be relied on, one of `STANDINGS`.
        source: The page that decides.
    """

    price: float
    per: float = 1.0
    free: float = 0.0
    standing: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """A price list.

    Attributes:
        currency: Of all prices.
        minimum_seconds: For how long an execution is billed at the least.
        meters: Prices by the names in `METERS`.
        machines: Prices of an hour of a virtual machine, by size.
    """

    currency: str
    minimum_seconds: float
    meters: Mapping[str, Price]
    machines: Mapping[str, Price]

    def machine(self, size: str) -> Price:
        """An hour of a virtual machine.

        Raises:
            UserErrorException: The list has no price for the size.
        """
        if size not in self.machines:
            raise UserErrorException(
                f"The price list has no machine {size!r}.{suggest(size, self.machines)} Write the list to a file with "
                f"`pipeyard cost prices`, add [machines.{size}], and give the file as --prices."
            )
        return self.machines[size]


def load_prices(path: Path | None = None) -> Prices:
    """The price list of a file, or this package's own.

    Raises:
        UserErrorException: The file is wrong; lists every fault.
    """
    document = tomllib.loads(text_of(FILE)) if path is None else read(path)
    faults = unknown_keys("", document, ("currency", "billing", "prices", "machines"))
    if not isinstance(document.get("currency"), str) or not document["currency"]:
        faults.append(Fault("/currency", "The currency of the prices is missing.", 'Write currency = "USD".'))
    billing = document.get("billing")
    seconds = billing.get("minimum_seconds") if isinstance(billing, dict) else None
    if not is_number(seconds):
        faults.append(Fault("/billing/minimum_seconds", "The seconds that an execution costs at least are missing."))
    given = _table(document, "prices", "", faults)
    faults += unknown_keys("/prices", given, METERS)
    faults += [
        Fault(f"/prices/{name}", f"The price of {' '.join(METERS[name])} is missing.")
        for name in METERS
        if name not in given
    ]
    meters = {name: _price(given, name, "/prices", faults) for name in given if name in METERS}
    sizes = _table(document, "machines", "", faults)
    machines = {name: _price(sizes, name, "/machines", faults) for name in sizes}
    if faults:
        raise UserErrorException(f"The price file {path or FILE} is wrong:", faults=faults)
    return Prices(currency=document["currency"], minimum_seconds=float(seconds or 0), meters=meters, machines=machines)


def _price(prices: dict[str, Any], name: str, parent: str, faults: list[Fault]) -> Price:
    """One price; what is wrong with it goes to `faults`, and anything comes back."""
    pointer = f"{parent}/{name}"
    table = _table(prices, name, parent, faults)
    if not table:
        return Price(price=0.0, standing="", source="")
    faults += unknown_keys(pointer, table, _PRICE_KEYS)
    for key, default in (("price", None), ("per", 1), ("free", 0)):
        if not is_number(table.get(key, default)) or (key == "per" and table.get(key, 1) == 0):
            faults.append(Fault(f"{pointer}/{key}", f"`{key}` must be a number, not {table.get(key)!r}."))
    for key in _TEXTS:
        if not isinstance(table.get(key), str) or not table[key]:
            faults.append(Fault(f"{pointer}/{key}", f"`{key}` is missing: say where the price holds and who says so."))
    if "date" not in table:
        faults.append(Fault(f"{pointer}/date", "`date` is missing: say when the price was looked up."))
    if table.get("standing") not in STANDINGS:
        faults.append(Fault(f"{pointer}/standing", f"`standing` must be one of {', '.join(STANDINGS)}."))
    numbers = {key: float(table[key]) for key in ("price", "per", "free") if is_number(table.get(key))}
    return Price(
        price=numbers.get("price", 0.0),
        per=numbers.get("per", 1.0),
        free=numbers.get("free", 0.0),
        standing=str(table.get("standing")),
        source=str(table.get("source")),
    )


def _table(parent: dict[str, Any], name: str, pointer: str, faults: list[Fault]) -> dict[str, Any]:
    found = parent.get(name, {})
    if isinstance(found, dict) and (found or name == "machines"):
        return found
    if name in parent or not pointer:
        faults.append(Fault(f"{pointer}/{name}", f"`{name}` must be a table with something in it."))
    return {}
