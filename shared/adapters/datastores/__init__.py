"""Back-ends of datastores: one file each."""
