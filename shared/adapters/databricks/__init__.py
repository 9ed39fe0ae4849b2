"""What the Databricks back-end is made of: the connection, the request that starts a run, what a run's state means."""
