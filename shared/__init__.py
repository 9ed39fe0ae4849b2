"""Application code of the service below its triggers: core, ports, services, adapters, bootstrap."""
