"""Every kind of record in the catalogue, and what housekeeping does with it."""

from shared.core.catalogue import CatalogueRecord, Experiment
from shared.core.compute_targets import ComputeTarget
from shared.core.datasets import Dataset, DatasetName
from shared.core.datastores import Datastore, DefaultDatastore
from shared.core.environments import Environment
from shared.core.models import Model
from shared.core.modules import Module, ModuleName
from shared.core.publishing import PipelineDraft, PipelineEndpoint, PipelineEndpointName, PublishedPipeline
from shared.core.retention import Purge
from shared.core.schedules import Arrival, ArrivalWindow, Schedule, ScheduleProgress, TriggerEvent
from shared.core.webhooks import Delivery, PendingDelivery, Webhook
from shared.services.left_jobs import LeftJob
from shared.services.limits import RunRate
from shared.services.run_token_key import RunTokenKey

BACKED_UP: tuple[type[CatalogueRecord], ...] = (
    Experiment,
    Datastore,
    DefaultDatastore,
    Dataset,
    DatasetName,
    ComputeTarget,
    Environment,
    Model,
    Module,
    ModuleName,
    PublishedPipeline,
    PipelineEndpointName,
    PipelineEndpoint,
    PipelineDraft,
    Schedule,
    Webhook,
)
"""What people made, what others refer to before what refers to it."""

PASSING: tuple[type[CatalogueRecord], ...] = (
    ScheduleProgress,
    Arrival,
    ArrivalWindow,
    TriggerEvent,
    Delivery,
    PendingDelivery,
    RunRate,
    LeftJob,
    RunTokenKey,
    Purge,
)
"""What the workspace wrote down for itself: worth nothing in another one."""
