"""The instances a hub knows: all live ones, and the newest records of finished ones."""

from collections.abc import Iterator

from local.instances import Instance

_KEPT_RECORDS = 10_000
_KEPT_BYTES = 64 * 1024 * 1024


class AlreadyExistsError(Exception):
    """An instance with this id exists and does not give way."""


class InstanceTable:
    """Instances by id. Finished records are bounded in number and size, so that a workspace can stay up for months."""

    def __init__(self, kept_records: int = _KEPT_RECORDS, kept_bytes: int = _KEPT_BYTES) -> None:
        self._kept_records = kept_records
        self._kept_bytes = kept_bytes
        self._instances: dict[str, Instance] = {}
        self._finished: dict[str, int] = {}
        self._finished_bytes = 0

    def __iter__(self) -> Iterator[Instance]:
        return iter(self._instances.values())

    def get(self, instance_id: str) -> Instance | None:
        """The instance, live or finished, or None."""
        return self._instances.get(instance_id)

    def holder(self, instance_id: str, replaceable: frozenset[int] | None) -> Instance | None:
        """The instance that has to give way before another one of its id can start.

        Args:
            instance_id: The id asked for.
            replaceable: Statuses in which an instance gives way; None means any finished one.

        Raises:
            AlreadyExistsError: It is in another status.
        """
        existing = self._instances.get(instance_id)
        if existing is None:
            return None
        gives_way = existing.finished if replaceable is None else existing.shown_status in replaceable
        if not gives_way:
            raise AlreadyExistsError(f"An orchestration with id {instance_id!r} exists already.")
        return existing

    def add(self, instance: Instance) -> None:
        """Put in a live instance."""
        self._instances[instance.instance_id] = instance

    def keep_record(self, instance: Instance) -> None:
        """Note that an instance has finished; the oldest finished ones are forgotten when there are too many."""
        self._finished[instance.instance_id] = weight = instance.weight()
        self._finished_bytes += weight
        while len(self._finished) > 1 and (
            len(self._finished) > self._kept_records or self._finished_bytes > self._kept_bytes
        ):
            self.forget(self._instances[next(iter(self._finished))])

    def forget(self, instance: Instance) -> None:
        """Remove the record of a finished instance."""
        if self._instances.get(instance.instance_id) is instance:
            del self._instances[instance.instance_id]
            self._finished_bytes -= self._finished.pop(instance.instance_id, 0)
