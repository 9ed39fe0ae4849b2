"""The local workspace: the function app, its task hub and its storage on one machine, without the Functions host."""
