"""Places for secrets: one file each."""
