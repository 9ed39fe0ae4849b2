"""Rows that were written stay readable; keys, filters and tokens survive hostile names."""

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.table_codec import (
    BODY_CHARACTERS,
    MAX_ENTITY_BYTES,
    Row,
    all_equal,
    bad_token,
    decode,
    encode,
    entity_bytes,
    open_token,
    safe_key,
    seal_token,
)
from shared.core.errors import IntegrityError, InvalidDocument, TooLarge
from shared.core.records import ClaimOwner, StepRecord

GOLDEN_CLAIM = {
    "PartitionKey": "key:ab",
    "RowKey": "abcd",
    "schema_version": 1,
    "state": "claim",
    "body0": '{"run_id":"run-1","ordinal":3,"attempt":2}',
}


def a_step(text: str) -> StepRecord:
    return StepRecord(run_id="run-1", ordinal=0, name="train", error=text)


def test_row_of_the_first_version_is_written_and_read_as_ever():
    owner = ClaimOwner(run_id="run-1", ordinal=3, attempt=2)
    assert encode(owner, "key:ab", "abcd", state="claim") == GOLDEN_CLAIM
    assert decode(Row(columns=GOLDEN_CLAIM, etag="e"), ClaimOwner) == owner


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), st.integers(1, 400))
def test_record_of_any_text_and_size_comes_back(text: str, times: int):
    step = a_step((text * times)[:60_000])
    entity = encode(step, "p", "r")
    bodies = [value for name, value in entity.items() if name.startswith("body")]
    assert all(isinstance(body, str) and body.isascii() and len(body) <= BODY_CHARACTERS for body in bodies)
    assert decode(Row(columns=entity, etag=""), StepRecord) == step


def test_limit_counts_as_the_service_does():
    entity = encode(a_step("x" * 400_000), "p", "r")
    assert 800_000 < entity_bytes(entity) < MAX_ENTITY_BYTES
    with pytest.raises(TooLarge, match="StepRecord r of p"):
        encode(a_step("x" * 450_000), "p", "r")


@pytest.mark.parametrize("body", ["", "{", "[]", '{"run_id":"run-1"}', '{"schema_version":2}'])
def test_row_that_holds_something_else_is_an_integrity_error(body: str):
    with pytest.raises(IntegrityError, match="Row r of p does not hold a StepRecord"):
        decode(Row(columns={"PartitionKey": "p", "RowKey": "r", "body0": body}, etag=""), StepRecord)


def test_ordinary_names_are_their_own_keys():
    for name in ("run-20261123_ab.c", "ab" * 32, "sha256:abc"):
        assert safe_key(name) == name


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_keys_are_allowed_by_tables_and_never_meet(one: str, other: str):
    assert re.fullmatch(r"[A-Za-z0-9_.~:=-]{0,480}", safe_key(one))
    assert (safe_key(one) == safe_key(other)) is (one == other)


def test_long_names_get_keys_of_bounded_length_that_differ():
    keys = {safe_key("x" * 5000 + end) for end in "ab"}
    assert len(keys) == 2
    assert max(map(len, keys)) < 512


def test_quotes_in_filters_are_doubled():
    assert all_equal(PartitionKey="all", pipeline="o'hara' or '1' eq '1") == (
        "PartitionKey eq 'all' and pipeline eq 'o''hara'' or ''1'' eq ''1'"
    )


def test_token_carries_its_position_for_its_query_only():
    token = seal_token({"PartitionKey": "1!4!YWxs", "RowKey": None}, "q")
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert open_token(token, "q") == {"PartitionKey": "1!4!YWxs", "RowKey": None}
    with pytest.raises(InvalidDocument):
        open_token(token, "other")


@given(st.one_of(st.text(), st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode())))
def test_no_text_breaks_the_reading_of_tokens(token: str):
    with pytest.raises(InvalidDocument):
        open_token(token, "q")


@pytest.mark.parametrize("change", [{"v": 2}, {"p": 5}, {"p": None, "r": None}, {"r": ["x"]}, {"q": None}])
def test_forged_token_is_refused(change: dict[str, object]):
    token = seal_token({"PartitionKey": "p", "RowKey": "r"}, "q")
    content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))) | change
    forged = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
    with pytest.raises(InvalidDocument, match=re.escape(bad_token().faults[0].message)):
        open_token(forged, "q")
