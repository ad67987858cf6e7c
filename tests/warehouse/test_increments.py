"""Deliveries in any order and in any number of runs come to what one run over all of them does."""

import pytest

from ..support.increments import differences, draw
from ..support.line import Line


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    return Line(tmp_path_factory.mktemp("increments"))


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in (2, 3))]
)
def test_increments_come_to_a_full_rebuild(line: Line, seed: int) -> None:
    shop = draw(seed, steps=3)
    found = differences(line, shop, whole=shop.kind == "lines", renumbered=seed == 1)
    assert found == []
