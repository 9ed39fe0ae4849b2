"""Where a webhook may point: the one place that keeps requests of ours out of networks that only we can reach."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

LONGEST_URL = 2048
_NOT_OURS = tuple(
    ip_network(text)
    for text in (
        "168.63.129.16/32",  # Azure's own services for virtual machines, although the address looks public
        "64:ff9b::/96",  # gateways to IPv4, private addresses included
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "::/96",  # an old way to write IPv4
        "fec0::/10",  # site-local, before unique local addresses took its place
    )
)
_LOOPBACK_NAMES = frozenset({"localhost"})


def url_problem(url: str, *, private: bool) -> str | None:
    """What is wrong with a webhook's URL, None if nothing is. What its host resolves to is checked when it is called.

    Args:
        url: As given.
        private: Whether http and private addresses are fine, as in a local workspace.
    """
    if len(url) > LONGEST_URL or any(ord(letter) <= ord(" ") or ord(letter) > ord("~") for letter in url):
        return f"The URL must have at most {LONGEST_URL} characters, all of them printable ASCII."
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for anything but a number
    except ValueError:
        return "This is no URL."
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        return "The URL must begin with https://."
    if not parts.hostname:
        return "The URL names no host."
    if parts.username is not None or parts.password is not None:
        return "The URL must not carry a user name or a password; receivers check the signature instead."
    if not private and not _may_be_public(parts.hostname):
        return "The URL must point to a public address."
    return None


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet and to nothing that only this service can reach."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if any(address in network for network in _NOT_OURS if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast


def _may_be_public(host: str) -> bool:
    if host.lower().rstrip(".") in _LOOPBACK_NAMES:
        return False
    try:
        return is_public(ip_address(host))
    except ValueError:
        return True  # a name
