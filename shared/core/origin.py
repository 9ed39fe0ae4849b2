"""Where a run comes from, as far as the submitter does not say it in the request itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What started a run.

    Attributes:
        published_pipeline_id: The published pipeline that it is a run of.
        pipeline_endpoint_id: The endpoint through which it was submitted.
        schedule_id: The schedule that fired.
        resumed_from: The run that it resumes.
        warnings: Sentences for the user, kept with the run.
        request_digest: Digest of what was asked for, where that is not a definition: a repeated request must find
            its first run although an endpoint has another default version by now. None: of the request itself.
    """

    published_pipeline_id: str | None = None
    pipeline_endpoint_id: str | None = None
    schedule_id: str | None = None
    resumed_from: str | None = None
    warnings: tuple[str, ...] = ()
    request_digest: str | None = None


DIRECT = Origin()
"""A run that was submitted with its definition, by nobody in particular."""
