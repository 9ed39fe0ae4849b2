"""What the application needs from outside, as protocols. Adapters implement them; only `bootstrap` knows which.

All methods are synchronous and may be called from several threads at once. Errors of the outside world arrive as
the classes of `shared.core.errors`: `StorageUnavailable` for anything that waiting may mend.
"""
