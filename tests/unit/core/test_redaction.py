"""Secrets by their form, in the places where they turn up."""

import pytest

from shared.core.redaction import HIDDEN, redact

SECRETS = {
    "https://acct.blob.core.windows.net/c/b?sv=2025-01-05&sr=b&sig=aB3%2Fx%3D&se=2026": "aB3%2Fx%3D",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=Zm9vYmFyYmF6cXV4Zm9v==;EndpointSuffix=core": "Zm9vYmFy",
    "BlobEndpoint=https://a.blob/;SharedAccessSignature=sv=2025&ss=b&sig=QmxhaGJsYWg%3D": "QmxhaGJsYWg",
    "Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0c2VjcmV0;": "c2VjcmV0",
    "Authorization: Bearer abcdef0123456789.ABC-_~": "abcdef0123456789",
    "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl was refused": "eyJhbGci",
    '{"access_token": "dapi-something-long"}': "dapi-something-long",
    "{'password': 'hunter2 '}": "hunter2",
    "webhook secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": "MfKQ9r8G",
    "databricks said no to dapi0123456789abcdef0123456789abcdef": "0123456789abcdef",
    "https://host/runtime/webhooks/blobs?functionName=f&code=k3yk3yk3y": "k3yk3yk3y",
    "sqlserver://admin:s3cret@host/db": "s3cret",
    "AZUREML_RUN_TOKEN=abc.def.ghi": "abc.def.ghi",
    "Authorization: SharedKey acct:c2lnbmF0dXJlMTIz": "c2lnbmF0dXJlMTIz",
    "{'Authorization': 'token 0123456789abcdef'}": "0123456789abcdef",
    "Api-Key: 0a1b2c3d4e": "0a1b2c3d4e",
    "jdbc:sqlserver://h;user=u;password={p;word};": "word}",
    "Cookie: AppServiceAuthSession=c2Vzc2lvbg": "c2Vzc2lvbg",
    "the PAT ghp_abcdefghijklmnopqrstuvwxyz0123456789 has expired": "abcdefghijklmnop",
    "AZURE_CLIENT_SECRET=abc~def": "abc~def",
    "export DB_PASSWORD='hunter2'": "hunter2",
    "STORAGE_ACCOUNT_KEY=Zm9vYmFy": "Zm9vYmFy",
    '{"password": "correct horse battery"}': "horse battery",
    r"""body: {\"client_secret\": \"qwertz\", \"x\": 1}""": "qwertz",
    "https://acct.blob/c/b?sv=1%26sig%3DaB3xyz%26se%3D2": "aB3xyz",
    "the token=abcdef was refused": "abcdef",
    "cannot clone https://ghp_0123456789abcdefghij@github.com/a/b": "ghp_0123456789abcdefghij",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKC\n-----END RSA PRIVATE KEY-----": "MIIEpAIBAAKC",
}
HARMLESS = (
    "Step `train` failed: exit code 3 (try 2). Its log says more.",
    "Row step:00001 of 8d0f in table Runs: exists already, or somebody else changed it first (HTTP 409 EntityExists).",
    "The secret of datastore `lake` is not in the key vault any more.",
    "GET /api/runs?page_size=10 answered 200 in 13 ms",
    "The continuation token does not belong to a backup; the password of `lake` has expired.",
    "secret_names: {'key': 'compute-x-1'} stay; sign=1 and design=2 as well",
    "mean: 3.5, sigma: 1.2, https://docs.example.com/a:b/c@d",
)


@pytest.mark.parametrize(("text", "secret"), SECRETS.items())
def test_secrets_are_replaced_and_the_rest_stays(text: str, secret: str):
    assert secret in text
    clean = redact(text)
    assert secret not in clean
    assert HIDDEN in clean
    assert clean[:5] == text[:5]
    assert redact(clean) == clean


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays_as_it_is(text: str):
    assert redact(text) == text
