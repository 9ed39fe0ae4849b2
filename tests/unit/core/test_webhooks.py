"""Signatures as the Standard Webhooks specification wants them, derived ids, and addresses that are off limits."""

from ipaddress import ip_address

import pytest

from shared.core.webhook_addresses import is_public, url_problem
from shared.core.webhooks import delivery_id, new_secret, retry_wait, signature


def test_the_specifications_own_example():
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == expected


def test_a_secret_survives_its_own_form():
    secret = new_secret(bytes(range(32)))
    assert secret.startswith("whsec_")
    assert signature(secret, "a", 1, b"x") != signature(secret, "b", 1, b"x")


def test_a_message_has_one_id_however_often_it_is_made():
    first = delivery_id("run", "2026-01-01T00:00:00+00:00", "hook")
    assert first == delivery_id("run", "2026-01-01T00:00:00+00:00", "hook")
    assert first != delivery_id("run", "2026-01-01T00:00:00+00:00", "other")
    assert delivery_id("later", "2026-01-02T00:00:00+00:00", "hook") < first, "newer ones come first"


def test_waits_grow():
    assert [retry_wait(attempts, 5) for attempts in (1, 2, 3)] == [5, 20, 80]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "::127.0.0.1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_addresses_that_are_off_limits(address):
    assert not is_public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    assert url_problem(f"https://{host}/hook", private=False)
    assert url_problem(f"http://{host}:8080/hook", private=True) is None


def test_public_addresses():
    for address in ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"):
        assert is_public(ip_address(address))
    assert url_problem("https://example.com/hook?x=1", private=False) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "https://",
        "https://user:word@example.com",
        "https://user@example.com",
        "https://example.com:port",
        "https://exa mple.com",
        "https://example.com/\r\nHost: other",
        "https://localhost",
        "https://LOCALHOST./x",
        "https://[::1",
        "https://example.com/" + "x" * 3000,
        "https://exämple.com",
        "",
    ],
)
def test_urls_that_are_refused(url):
    assert url_problem(url, private=False)
