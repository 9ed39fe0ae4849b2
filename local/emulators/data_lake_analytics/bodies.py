"""What callers send: bodies checked against the rules of the service."""

from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from local.emulators.data_lake_analytics.errors import Refused
from shared.core.data_lake_analytics import MAX_SCRIPT_BYTES


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class Properties(_Body):
    """The job's own part."""

    type: Literal["USql"]
    script: str = Field(min_length=1)
    runtimeVersion: str | None = None  # noqa: N815 - the service's words, here and below
    compileMode: Literal["Semantic", "Full", "SingleBox"] | None = None  # noqa: N815

    @field_validator("script")
    @classmethod
    def _fits(cls, script: str) -> str:
        if len(script.encode()) > MAX_SCRIPT_BYTES:
            raise ValueError("the maximum script size is 3 MB")
        return script


class Related(_Body):
    """What a job has to do with others."""

    model_config = ConfigDict(extra="allow")

    recurrenceId: str  # noqa: N815


class Build(_Body):
    """A script to compile."""

    type: Literal["USql"]
    name: str = ""
    properties: Properties


class Submit(_Body):
    """A job to run."""

    type: Literal["USql"]
    name: str = Field(min_length=1, max_length=260)
    properties: Properties
    degreeOfParallelism: int | None = Field(default=None, ge=1)  # noqa: N815
    degreeOfParallelismPercent: float | None = Field(default=None, gt=0, le=100)  # noqa: N815
    priority: int = Field(default=1000, ge=1)
    logFilePatterns: list[str] = []  # noqa: N815
    related: Related | None = None

    @model_validator(mode="after")
    def _has_one_degree(self) -> "Submit":
        if self.degreeOfParallelism is not None and self.degreeOfParallelismPercent is not None:
            raise ValueError("at most one of degreeOfParallelism and degreeOfParallelismPercent may be given")
        return self


def parse[Body: _Body](model: type[Body], content: bytes) -> Body:
    """A body as its model.

    Raises:
        Refused: It is none; the message names everything.
    """
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        said = "; ".join(_sentence(each) for each in error.errors(include_url=False, include_input=False))
        raise Refused(HTTPStatus.BAD_REQUEST, "InvalidArgument", said) from error


def _sentence(details: Any) -> str:
    where = ".".join(map(str, details["loc"]))
    return f"{where}: {details['msg']}" if where else str(details["msg"])
