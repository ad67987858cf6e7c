"""Reports of users of other tools, each a small shop with the answer reckoned by hand.

A folder of `cases/reports` holds the exports and, in `expected.json`, queries on the marts, the
rows that are right and why; one of `cases/kinds` the same kind of mistake in other tables.
"""

import re
from pathlib import Path

import pytest

from dagster_project.warehouse import project

from ..support.cases import expected, figures, plain
from ..support.shops import DATA_SETS

FOUND = DATA_SETS.glob("cases/*/*/expected.json")
CASES = sorted(path.parent for path in FOUND if path.parts[-3] in ("reports", "kinds"))


def asked(queries: list[str]) -> list[str]:
    """The marts that queries name."""
    words = set(re.findall(r"\w+", " ".join(queries)))
    return sorted(words & set(project.marts()))


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_report(folder: Path, tmp_path: Path) -> None:
    told = expected(folder)
    shop = figures(folder, tmp_path, *asked([check["sql"] for check in told["checks"]]))
    for check in told["checks"]:
        found = plain(shop.query(check["sql"]))
        assert found == [pytest.approx(row, abs=1e-6) for row in check["rows"]], told["reasoning"]


def test_every_case_is_there() -> None:
    assert len([folder for folder in CASES if folder.parent.name == "reports"]) == 28
