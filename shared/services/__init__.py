"""The use cases of the service: what triggers, API and activities ask for, in terms of ports and the pure core."""
