"""Relative POSIX paths: the only form in which paths cross Pipeyard's borders.

A path that passes here can neither leave the folder that it is joined to nor mean two things on two systems.
"""

import re

MAX_PATH_CHARACTERS = 1024
"""Azure Storage's own limit for the name of a blob."""

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")


def relative_path_fault(path: str) -> str | None:
    """What is wrong with a path, as a sentence; None if it is a safe relative POSIX path."""
    segments = path.split("/")
    checks = (
        (not path, "The path is empty."),
        (len(path) > MAX_PATH_CHARACTERS, f"The path has more than {MAX_PATH_CHARACTERS} characters."),
        (_UNSAFE.search(path), "The path contains a control character."),
        ("\\" in path, "The path contains a backslash; folders are separated by `/`."),
        (path.startswith("/"), "The path is absolute; it must be relative."),
        (_DRIVE.match(path), "The path starts with a drive letter; it must be relative."),
        (path.endswith("/"), "The path ends with `/`; leave it out."),
        ("" in segments, "The path contains an empty folder name."),
        (not {".", ".."}.isdisjoint(segments), "The path contains `.` or `..`, which could leave its folder."),
    )
    return next((sentence for wrong, sentence in checks if wrong), None)
