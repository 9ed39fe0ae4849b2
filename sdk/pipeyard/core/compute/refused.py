"""v1's kinds of compute that nothing here can run: they say what to use instead."""

from typing import Any, NoReturn

from pipeyard.core.compute.base import ComputeTarget, refused


class ComputeInstance(ComputeTarget):
    """A person's machine in the cloud."""

    @staticmethod
    def provisioning_configuration(*_: Any, **__: Any) -> NoReturn:
        """Refused."""
        raise refused("ComputeInstance", "Use AmlCompute, or 'local' in a local workspace.")


class RemoteCompute(ComputeTarget):
    """A machine that is reached over SSH."""

    @staticmethod
    def attach_configuration(*_: Any, **__: Any) -> NoReturn:
        """Refused."""
        raise refused("VirtualMachine", "Start a local workspace on that machine, or use AmlCompute.")


class HDInsightCompute(ComputeTarget):
    """A Spark cluster of HDInsight."""

    @staticmethod
    def attach_configuration(*_: Any, **__: Any) -> NoReturn:
        """Refused."""
        raise refused("HDInsight", "Use Databricks or Synapse for Spark.")


class AksCompute(ComputeTarget):
    """A Kubernetes cluster for services."""

    @staticmethod
    def attach_configuration(*_: Any, **__: Any) -> NoReturn:
        """Refused."""
        raise refused("AKS", "Pipeyard runs pipelines and deploys no services.")

    @staticmethod
    def provisioning_configuration(*_: Any, **__: Any) -> NoReturn:
        """Refused."""
        raise refused("AKS", "Pipeyard runs pipelines and deploys no services.")
