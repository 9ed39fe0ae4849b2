"""Taking secrets out of texts that go to logs and telemetry: signatures, keys, tokens, passwords, by their form."""

import re

HIDDEN = "[hidden]"

_WORD = r"[^\s\"'<>&;,}]+"
_NAMES = "access_token|account_?key|api_?key|client_?secret|pass(?:word|wd)?|pwd|refresh_token|sas_?token|secret|sig"
_NAMES += "|run_token|AZUREML_RUN_TOKEN|Shared_?Access_?(?:Key|Signature)|x-functions-key"
_RULES = (
    # name=value and "name": "value"; a connection string's signature has parts that go with it
    (re.compile(r"(\bSharedAccessSignature\s*=\s*)[^\s\"'<>;]+", re.IGNORECASE), rf"\g<1>{HIDDEN}"),
    (re.compile(rf"(\b(?:{_NAMES})[\"']?\s*[:=]\s*[\"']?){_WORD}", re.IGNORECASE), rf"\g<1>{HIDDEN}"),
    (re.compile(rf"([?&]code=){_WORD}", re.IGNORECASE), rf"\g<1>{HIDDEN}"),
    (re.compile(r"(\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\g<1>{HIDDEN}"),
    (re.compile(r"(://[^\s/:@]+:)[^\s/@]+(?=@)"), rf"\g<1>{HIDDEN}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), HIDDEN),  # a JSON Web Token
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=]+"), HIDDEN),
    (re.compile(r"\bdapi[0-9a-f]{32}(?:-\d+)?\b"), HIDDEN),  # a token of Databricks
)


def redact(text: str) -> str:
    """The text with what looks like a secret replaced."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
