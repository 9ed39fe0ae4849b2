"""The `pipeyard` command: a thin layer over the client, and the only place that formats for people."""
