"""What becomes of SDK v1's names: a table of them (`names.toml`), and a reader of scripts that uses it."""
