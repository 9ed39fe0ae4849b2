"""Emulators of the services that run jobs elsewhere; each is a process that speaks the service's published REST."""
