"""Keys of records that have a name and versions: a list by key has the newest version of each name first."""

MAX_VERSION = 999_999


def version_key(name: str, version: int) -> str:
    """Key of one version, counted from 1."""
    return f"{version_prefix(name)}{MAX_VERSION - version:06d}"


def version_prefix(name: str) -> str:
    """What the keys of all versions of a name begin with; names have no `/`."""
    return f"{name}/"
