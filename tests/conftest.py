"""In which order tests run, and the shops that they share."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from dagster_project.demo import simulate
from dagster_project.settings import ROOT

from .support.once import once
from .support.shops import run_shop

MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 2**30


def pytest_configure() -> None:
    """Warehouses of tests stand in memory where there is room: no disk is waited for."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Broken and killed runs first: they take longest, and what is started last should be short."""
    items.sort(key=lambda item: "faults" not in item.path.parts)


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year of the demo with 900 customers, by the nightly job: `exports/demo` and `warehouse`."""

    def build(folder: Path) -> None:
        simulate(folder / "exports/demo", seed=11, customers=900, months=12)
        shop = run_shop(
            folder, yaml.safe_load((ROOT / "data/exports.yml").read_text(encoding="utf-8"))
        )
        assert shop.result.success

    return once(tmp_path_factory, "demo", build)
