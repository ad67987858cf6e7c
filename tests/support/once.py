"""What is built once in a test run, however many processes share it; for tests that only read."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def once(
    tmp_path_factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]
) -> Path:
    """The folder of this name that all processes of the run share, built by whoever is first.

    The others wait. Of a warehouse in it only the published file may be opened: one process at a
    time can hold the other.
    """
    room = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        room = room.parent
    folder, done = room / name, room / f"{name}.done"
    with (room / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir()
            build(folder)
            done.touch()
    return folder
