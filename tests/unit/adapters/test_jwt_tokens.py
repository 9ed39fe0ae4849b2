"""Tokens against real keys: what is accepted, and every way in which one is refused."""

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from local.test_issuer import CLIENT_ID, TENANT_ID, TestIssuer
from shared.adapters.jwt_tokens import EntraTokens, SignedRunTokens
from shared.core.errors import NotAuthenticated, SignInUnavailable
from shared.ports.tokens import RunToken
from tests.fakes.clocks import SystemClock

KEY = "k" * 48


@pytest.fixture
def tokens(issuer: TestIssuer) -> EntraTokens:
    return EntraTokens(authority=issuer.authority, tenant_id=TENANT_ID, client_id=CLIENT_ID)


def public_key(issuer: TestIssuer) -> bytes:
    key = jwt.PyJWKClient(f"{issuer.authority}/{TENANT_ID}/discovery/v2.0/keys").get_signing_keys()[0].key
    text: bytes = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return text


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"iss": f"https://sts.windows.net/{TENANT_ID}/", "ver": "1.0", "aud": f"api://{CLIENT_ID}"},
        {"aud": f"api://{CLIENT_ID}"},
    ],
)
def test_both_versions_of_tokens_are_accepted(issuer, tokens, changed):
    claims = tokens.claims(issuer.token(name="anna", roles=["Reader"], **changed))
    assert claims["preferred_username"] == "anna"
    assert claims["roles"] == ["Reader"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"iss": "https://login.microsoftonline.com/common/v2.0"}, "issued by somebody"),
        ({"iss": f"https://sts.windows.net/{TENANT_ID}"}, "issued by somebody"),
        ({"aud": "00000003-0000-0000-c000-000000000000"}, "another application"),
        ({"aud": None}, "no claim|cannot be read|another application"),
        ({"tid": "another"}, "another tenant"),
        ({"nbf": int(time.time()) + 3600}, "cannot be read"),
        ({"iat": int(time.time()) + 3600}, "cannot be read"),
    ],
)
def test_a_token_for_others_is_refused(issuer, tokens, changed, sentence):
    with pytest.raises(NotAuthenticated, match=sentence):
        tokens.claims(issuer.token(name="anna", roles=[], **changed))


def test_clocks_may_differ_by_a_minute(issuer, tokens):
    assert tokens.claims(issuer.token(name="anna", roles=[], expires_in=-50))
    with pytest.raises(NotAuthenticated, match="expired"):
        tokens.claims(issuer.token(name="anna", roles=[], expires_in=-70))


def test_a_token_without_expiry_is_refused(issuer, tokens):
    with pytest.raises(NotAuthenticated):
        tokens.claims(issuer.token(name="x", roles=[], exp=None))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512"])
def test_only_rs256_counts(issuer, tokens, algorithm):
    good = issuer.token(name="anna", roles=["Administrator"])
    claims = jwt.decode(good, options={"verify_signature": False})
    kid = jwt.get_unverified_header(good)["kid"]
    if algorithm == "none":
        forged = jwt.encode(claims, "", algorithm="none", headers={"kid": kid})
    elif algorithm == "HS256":  # signed with what everybody knows, the public key's text
        _, body, _ = good.split(".")
        forged = _hs256({"alg": "HS256", "kid": kid, "typ": "JWT"}, body, public_key(issuer))
    else:
        forged = good.replace(good.split(".")[0], _segment({"alg": "RS512", "kid": kid, "typ": "JWT"}))
    with pytest.raises(NotAuthenticated, match="RS256"):
        tokens.claims(forged)


def _segment(header: dict[str, str]) -> str:
    return jwt.utils.base64url_encode(json.dumps(header).encode()).decode()


def _hs256(header: dict[str, str], body: str, key: bytes) -> str:
    signed = f"{_segment(header)}.{body}"
    mac = hmac.digest(key, signed.encode(), hashlib.sha256)
    return f"{signed}.{jwt.utils.base64url_encode(mac).decode()}"


def test_a_changed_token_is_refused(issuer, tokens):
    head, body, mac = issuer.token(name="anna", roles=["Reader"]).split(".")
    other = issuer.token(name="anna", roles=["Administrator"]).split(".")[1]
    for forged in (f"{head}.{other}.{mac}", f"{head}.{body}.", f"{head}.{body}", "", "x", "a.b.c", "x" * 20_000):
        with pytest.raises(NotAuthenticated) as refused:
            tokens.claims(forged)
        assert not forged or forged not in str(refused.value)


def test_a_new_key_is_fetched_when_a_token_names_it(issuer):
    tokens = EntraTokens(authority=issuer.authority, tenant_id=TENANT_ID, client_id=CLIENT_ID, refetch_seconds=0)
    before = issuer.token(name="anna", roles=[])
    assert tokens.claims(before)
    issuer.rotate()
    assert tokens.claims(issuer.token(name="anna", roles=[]))
    assert tokens.claims(before), "the key before is still published"
    issuer.rotate()
    issuer.token(name="anna", roles=[])
    assert tokens.claims(issuer.token(name="anna", roles=[]))
    with pytest.raises(NotAuthenticated, match="does not know"):
        tokens.claims(before)


def test_unknown_keys_do_not_cause_a_fetch_each(issuer, tokens):
    assert tokens.claims(issuer.token(name="anna", roles=[]))
    issuer.stop()
    _, body, mac = issuer.token(name="anna", roles=[]).split(".")
    forged = f"{_segment({'alg': 'RS256', 'kid': 'unknown'})}.{body}.{mac}"
    for _ in range(3):
        with pytest.raises(NotAuthenticated, match="does not know"):  # and not that the keys cannot be fetched
            tokens.claims(forged)


def test_a_sign_in_service_that_is_away_is_not_the_callers_fault(issuer, tokens):
    token = issuer.token(name="anna", roles=[])
    issuer.stop()
    with pytest.raises(SignInUnavailable):
        tokens.claims(token)


def test_an_authority_must_be_https():
    with pytest.raises(ValueError, match="https"):
        EntraTokens(authority="http://login.example.com", tenant_id=TENANT_ID, client_id=CLIENT_ID)


def test_run_tokens_name_their_run():
    tokens = SignedRunTokens(lambda: KEY, SystemClock())
    holder = RunToken(run_id="r", step_run_id="r-00001")
    token = tokens.issue(holder, datetime.now(UTC) + timedelta(hours=1))
    assert tokens.recognise(token) == holder
    with pytest.raises(NotAuthenticated, match="signature"):
        SignedRunTokens(lambda: "o" * 48, SystemClock()).recognise(token)
    with pytest.raises(NotAuthenticated, match="expired"):
        tokens.recognise(tokens.issue(holder, datetime.now(UTC) - timedelta(minutes=2)))
    claims = {"iss": "pipeyard", "aud": "another", "sub": "x", "run_id": "r", "iat": 0, "exp": 4102444800}
    with pytest.raises(NotAuthenticated, match="another application"):
        tokens.recognise(jwt.encode(claims, KEY, algorithm="HS256"))


def test_other_tokens_are_not_taken_for_run_tokens(issuer):
    tokens = SignedRunTokens(lambda: KEY, SystemClock())
    assert tokens.recognise(issuer.token(name="anna", roles=[])) is None
    assert tokens.recognise("unauthenticated") is None
    assert tokens.recognise(jwt.encode({"sub": "x"}, "", algorithm="none")) is None
