"""In which order tests run."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Broken and killed runs first: they take longest, and what is started last should be short."""
    items.sort(key=lambda item: "faults" not in item.path.parts)
