"""The pure heart of Pipeyard: documents, rules and arithmetic without I/O, clock, environment or randomness.

Everything in this package uses relative imports only, because the SDK ships the same files as `pipeyard._core`:
client and server must compute the same digests.
"""
