"""What all received and stored shapes are made of: their base class, names, and texts."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

NAME_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.\- ]{0,127}$"
PORT_PATTERN = r"^\w{1,128}$"
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,255}$"
EXPERIMENT_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_\-]{0,254}$"
DIGEST_PATTERN = r"^[0-9a-f]{64}$"


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain a NUL character: no command line or variable can carry one")
    return text


Text = Annotated[str, Field(max_length=30_000), AfterValidator(_without_nul)]
Scalar = Text | bool | int | Annotated[float, Field(allow_inf_nan=False)]
Description = Annotated[str, Field(max_length=10_000)]
Digest = Annotated[str, Field(pattern=DIGEST_PATTERN)]
"""A SHA-256 digest, as stored definitions and snapshots have it for an id."""
PortName = Annotated[str, Field(pattern=PORT_PATTERN)]
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Labels = dict[Annotated[str, Field(min_length=1, max_length=100)], Annotated[str, Field(max_length=1000)]]
Properties = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=200)], Annotated[str, Field(max_length=4000)]],
    Field(max_length=100),
]
"""Facts that a program writes down once, such as those of git: longer than labels, and never changed."""


class Document(BaseModel):
    """Base of every stored or received shape: frozen, and unknown keys are faults rather than silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")
