"""Taking secrets out of texts that go to logs and telemetry: signatures, keys, tokens, passwords, by their form."""

import re

HIDDEN = "[hidden]"

_WORD = r"[^\s\"'<>&;,}\\]+"
_QUOTE = r"(?:\\*[\"'])?"
_VALUE = rf"(?:(\\*\")[^\"\\]*|(\\*')[^'\\]*|\{{[^}}]*\}}|{_WORD})"
"""In quotes, which may be those of JSON within JSON, a value may have blanks."""
_BEFORE = r"(?:(?<![A-Za-z0-9])|(?<=%26)|(?<=%3F))"
"""Where a name begins: behind an underscore, too, as in AZURE_CLIENT_SECRET, and in an address within another."""
_NAMES = "account[_-]?key|api[_-]?key|subscription[_-]key|client[_-]?secret|pass(?:word|wd)?|pwd|access[_-]?token"
_NAMES += "|refresh[_-]?token|sas[_-]?token|secret|sig|token|Shared_?Access_?(?:Key|Signature)|x-functions-key"
_RULES = (
    (re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?=-----END|$)", re.DOTALL), rf"\g<1>{HIDDEN}"),
    # name=value and "name": "value"; a connection string's signature has parts that go with it
    (re.compile(r"(\bSharedAccessSignature\s*=\s*)[^\s\"'<>;]+", re.IGNORECASE), rf"\g<1>{HIDDEN}"),
    (
        re.compile(rf"(\bAuthorization{_QUOTE}\s*[:=]\s*{_QUOTE}(?:\w+\s+)?)[^\s\"'<>,}}\\]+", re.IGNORECASE),
        rf"\g<1>{HIDDEN}",
    ),
    (
        re.compile(rf"({_BEFORE}(?:{_NAMES}){_QUOTE}\s*(?:[:=]|%3D)\s*){_VALUE}", re.IGNORECASE),
        rf"\g<1>\g<2>\g<3>{HIDDEN}",
    ),
    (re.compile(rf"([?&]code=){_WORD}", re.IGNORECASE), rf"\g<1>{HIDDEN}"),
    (re.compile(r"(\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\g<1>{HIDDEN}"),
    (re.compile(r"(://[^\s/:@]+:)[^\s/@]+(?=@)"), rf"\g<1>{HIDDEN}"),
    (re.compile(r"(://)[\w-]{20,}(?=@)"), rf"\g<1>{HIDDEN}"),  # a token in the place of a user
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), HIDDEN),  # a JSON Web Token
    (re.compile(r"(\bCookie[\"']?:\s*[\"']?)[^\"'\n]+", re.IGNORECASE), rf"\g<1>{HIDDEN}"),
    (re.compile(r"\b(?:gh[pousr]|github_pat)_[A-Za-z0-9_]{20,}"), HIDDEN),  # a token of GitHub
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=]+"), HIDDEN),
    (re.compile(r"\bdapi[0-9a-f]{32}(?:-\d+)?\b"), HIDDEN),  # a token of Databricks
)


def redact(text: str) -> str:
    """The text with what looks like a secret replaced."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
