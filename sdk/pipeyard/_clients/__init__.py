"""The workspace's routes as small classes, one for each concern; each takes the workspace's `HttpSession`."""
