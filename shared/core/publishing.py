"""What can be submitted by its name or its address: published pipelines, endpoints with their versions, drafts."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from .bindings import ParameterDefinition, ParameterValue
from .catalogue import CatalogueRecord
from .document import Document, Labels, Properties

MAX_INLINE_STEP_NAMES = 1000
"""Pipelines with more steps leave their names to the definition, so that a row stays far below a table's 1 MiB."""
MAX_DEFAULT_HISTORY = 100
"""How many earlier default versions an endpoint can be rolled back through."""


def _printable(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("must be one line of printable characters, and not only blanks")
    return text


def _one_segment(text: str) -> str:
    if set(text) & set("/\\?#%"):
        raise ValueError("must not contain any of / \\ ? # %, because it becomes part of addresses")
    return text


Title = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_printable)]
"""A name for people; several things may have the same."""
EndpointName = Annotated[Title, AfterValidator(_one_segment)]


class EntityStatus(StrEnum):
    """Whether something may be submitted (v1's words)."""

    ACTIVE = "Active"
    DISABLED = "Disabled"


class PublishedPipeline(CatalogueRecord):
    """A pipeline as it was when somebody published it. Nothing of it changes but its status.

    Attributes:
        published_pipeline_id: Sorts newest first.
        version: Free text.
        definition_id: The stored definition; the defaults of its parameters are those that were published.
        parameters: Of the definition, repeated here for lists.
        step_names: In the definition's order; None where there are more than `MAX_INLINE_STEP_NAMES`.
    """

    kind: ClassVar[str] = "published_pipeline"
    label: ClassVar[str] = "published pipeline"

    published_pipeline_id: str
    name: str
    description: str = ""
    version: str = ""
    status: EntityStatus = EntityStatus.ACTIVE
    definition_id: str
    parameters: dict[str, ParameterDefinition] = {}
    step_count: int
    step_names: tuple[str, ...] | None = None
    continue_on_step_failure: bool = False
    properties: Properties = {}
    created_at: str
    created_by: str | None = None
    updated_at: str

    @property
    def key(self) -> str:
        """Its id."""
        return self.published_pipeline_id


class PipelineVersion(Document):
    """A published pipeline as a version of an endpoint; versions are "0", "1", and so on."""

    version: str
    published_pipeline_id: str


class PipelineEndpoint(CatalogueRecord):
    """A stable address in front of versions of a pipeline.

    Attributes:
        earlier_defaults: Default versions before the present one, latest last: what a rollback goes back to.
    """

    kind: ClassVar[str] = "pipeline_endpoint"
    label: ClassVar[str] = "pipeline endpoint"

    pipeline_endpoint_id: str
    name: str
    description: str = ""
    status: EntityStatus = EntityStatus.ACTIVE
    default_version: str
    versions: tuple[PipelineVersion, ...]
    earlier_defaults: tuple[str, ...] = ()
    properties: Properties = {}
    created_at: str
    created_by: str | None = None
    updated_at: str

    @property
    def key(self) -> str:
        """Its id."""
        return self.pipeline_endpoint_id

    def version(self, version: str) -> PipelineVersion | None:
        """One of its versions, None where there is none of this name."""
        return next((each for each in self.versions if each.version == version), None)

    def with_version(self, published_pipeline_id: str) -> "PipelineEndpoint":
        """With one version more, whose number is one above the highest."""
        number = max(int(each.version) for each in self.versions) + 1
        added = PipelineVersion(version=str(number), published_pipeline_id=published_pipeline_id)
        return self.model_copy(update={"versions": (*self.versions, added)})

    def with_default(self, version: str) -> "PipelineEndpoint":
        """With another default version; the present one is remembered for a rollback."""
        if version == self.default_version:
            return self
        earlier = (*self.earlier_defaults, self.default_version)[-MAX_DEFAULT_HISTORY:]
        return self.model_copy(update={"default_version": version, "earlier_defaults": earlier})


class PipelineEndpointName(CatalogueRecord):
    """A name that an endpoint has, or is about to get: names are unique.

    Attributes:
        reserved_at: A name whose endpoint never came to be is free again a while later.
    """

    kind: ClassVar[str] = "pipeline_endpoint_name"
    label: ClassVar[str] = "pipeline endpoint"

    name: str
    pipeline_endpoint_id: str
    reserved_at: str

    @property
    def key(self) -> str:
        """The name."""
        return self.name


class DraftParent(Document):
    """What a draft was made from."""

    kind: Literal["published_pipeline", "run", "draft"]
    id: str


class PipelineDraft(CatalogueRecord):
    """A pipeline with its parameters and its experiment, to be changed and tried until it is published.

    Attributes:
        parameters: Values that differ from the definition's defaults.
        last_run_id: The run that it was submitted as most recently.
    """

    kind: ClassVar[str] = "pipeline_draft"
    label: ClassVar[str] = "pipeline draft"

    pipeline_draft_id: str
    name: str
    description: str = ""
    experiment_name: str
    definition_id: str
    parameters: dict[str, ParameterValue] = {}
    continue_on_step_failure: bool = False
    tags: Labels = {}
    properties: Properties = {}
    parent: DraftParent | None = None
    last_run_id: str | None = None
    created_at: str
    created_by: str | None = None
    updated_at: str

    @property
    def key(self) -> str:
        """Its id."""
        return self.pipeline_draft_id
