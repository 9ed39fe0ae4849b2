"""When signatures are made anew and what they say."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from azure.storage.blob import UserDelegationKey

from shared.adapters.blob_signing import CLOCK_SKEW, DELEGATION_LIFE, MAX_CACHED_GRANTS, SasSigner
from shared.core.errors import TooLarge
from tests.fakes.clocks import SetClock

HOUR = timedelta(hours=1)


@pytest.fixture
def clock():
    return SetClock(datetime(2026, 11, 23, 3, tzinfo=UTC))


def parsed(query):
    return {name: values[0] for name, values in parse_qs(query).items()}


def time_of(text):
    return datetime.fromisoformat(text)


def with_account_key(clock, **options):
    return SasSigner("account", clock, account_key="a2V5", **options)


def with_identity(clock, fetched):
    def fetch(start, end):
        fetched.append((start, end))
        key = UserDelegationKey()
        key.signed_oid, key.signed_tid, key.signed_service, key.signed_version = "oid", "tid", "b", "2020-02-10"
        key.signed_start, key.signed_expiry = start.isoformat(), end.isoformat()
        key.value = "a2V5"
        return key

    return SasSigner("account", clock, delegation_keys=fetch)


def test_signature_starts_in_the_past_and_wants_https(clock):
    query = parsed(with_account_key(clock).blob("data", "x", "r", HOUR))
    assert time_of(query["st"]) == clock.time - CLOCK_SKEW
    assert time_of(query["se"]) == clock.time + HOUR
    assert (query["sp"], query["spr"], query["sr"]) == ("r", "https", "b")


def test_http_is_allowed_only_where_asked_for(clock):
    assert parsed(with_account_key(clock, allow_http=True).blob("data", "x", "r", HOUR))["spr"] == "https,http"


def test_grant_is_handed_out_again_while_it_lasts_long_enough(clock):
    signer = with_account_key(clock)
    first = signer.container("data", "r", HOUR)
    clock.time += HOUR - timedelta(minutes=1)
    assert signer.container("data", "r", HOUR) == first
    assert time_of(parsed(first)["se"]) - clock.time >= HOUR
    clock.time += timedelta(minutes=2)
    assert signer.container("data", "r", HOUR) != first


def test_grants_of_places_and_permissions_differ(clock):
    signer = with_account_key(clock)
    grants = {signer.container(place, permission, HOUR) for place in ("a", "b") for permission in ("r", "acw")}
    assert len(grants) == 4


def test_cache_of_grants_is_bounded(clock):
    signer = with_account_key(clock)
    for number in range(MAX_CACHED_GRANTS + 10):
        signer.container(f"c{number}", "r", HOUR)
    assert len(signer._grants) <= MAX_CACHED_GRANTS


def test_delegation_key_is_fetched_once_and_again_before_it_ends(clock):
    fetched: list[tuple[datetime, datetime]] = []
    signer = with_identity(clock, fetched)
    for _ in range(3):
        query = parsed(signer.blob("data", "x", "r", HOUR))
    assert query["skoid"] == "oid"
    assert fetched == [(clock.time - CLOCK_SKEW, clock.time + DELEGATION_LIFE)]
    assert fetched[0][1] - fetched[0][0] <= timedelta(days=7)
    clock.time += DELEGATION_LIFE - HOUR + timedelta(seconds=1)
    signer.blob("data", "x", "r", HOUR)
    assert len(fetched) == 2


def test_identity_signs_grants_no_longer_than_its_key_lives(clock):
    fetched: list[tuple[datetime, datetime]] = []
    signer = with_identity(clock, fetched)
    query = parsed(signer.container("data", "r", timedelta(days=6)))
    assert time_of(query["se"]) == clock.time + DELEGATION_LIFE
    with pytest.raises(TooLarge, match="at most"):
        signer.container("data", "r", timedelta(days=8))
    with pytest.raises(TooLarge):
        signer.blob("data", "x", "r", timedelta(days=8))
