"""Exports as their makers write them: known by their columns, their totals right.

Each folder of `known` holds made-up files of a layout and, in `expected.json`, the maker, queries
on what is staged of the proposal and on marts, and the rows that are right, reckoned by hand.
"""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from dagster_project.exports.proposal.known import FOLDER
from dagster_project.exports.proposal.propose import propose

from ..support.cases import expected, plain, published
from ..support.shops import DATA_SETS

CASES = sorted(path.parent for path in (DATA_SETS / "known").glob("*/expected.json"))


@pytest.mark.parametrize("folder", [pytest.param(path, id=path.name) for path in CASES])
def test_its_totals_are_right(folder: Path, tmp_path: Path) -> None:
    sent = Path(shutil.copytree(folder, tmp_path / "sent"))
    told = expected(sent)
    files = [path for path in sorted(sent.iterdir()) if path.name != "expected.json"]
    text = propose(files, sent)
    (sent / "exports.yml").write_text(text, encoding="utf-8")
    assert f"known by its columns: {told['maker']}," in text
    marts = {word for check in told["marts"] for word in re.findall(r"from (\w+)", check["sql"])}
    shop, staged = published(sent, tmp_path / "room", *sorted(marts))
    for query, checks in ((staged.query, told["checks"]), (shop.query, told["marts"])):
        for check in checks:
            found = plain(query(check["sql"]))
            assert found == [pytest.approx(row, abs=1e-4) for row in check["rows"]], (check, text)
    assert staged.rejects() == []


def test_every_maker_has_a_case() -> None:
    makers = {
        yaml.safe_load(path.read_text(encoding="utf-8"))["maker"] for path in FOLDER.glob("*.yml")
    }
    assert makers == {expected(folder)["maker"] for folder in CASES}


def test_every_layout_says_where_it_is_documented() -> None:
    for path in FOLDER.glob("*.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["documented"].startswith(
            "https://"
        ), path
