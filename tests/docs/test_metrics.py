"""docs/metrics.md has every published number once, with a unit that its values bear out."""

import re
from pathlib import Path

import duckdb
import pytest

from dagster_project.commands import figures
from dagster_project.warehouse import project
from dagster_project.warehouse.units import unit

#: Shares of what is not their own whole: they may be above 1, and those of money below 0.
OF_ANOTHER_WHOLE = re.compile(
    r"churn_rate|net_churn_rate|net_revenue_churn_rate|nrr|roi|revenue_share|.*_error"
    r"|customer_retention_rate_textbook|rate_of_others|share_of_revenue"
)
NUMBERS = ("INTEGER", "BIGINT", "DOUBLE", "DECIMAL(18,4)")


def units(page: str) -> dict[tuple[str, str], str]:
    """The unit of each column of each mart on the page."""
    found = {}
    for section in page.split("\n### ")[1:]:
        mart = section.split("\n", 1)[0]
        for column, told in re.findall(r"^\| `(\w+)` \| ([\w ]+) \| \S", section, re.MULTILINE):
            assert (mart, column) not in found
            found[mart, column] = told
    return found


def test_the_page_is_that_of_the_marts() -> None:
    assert figures.PAGE.read_text(encoding="utf-8") == figures.page(), "made anew by: make fix"


def test_every_published_number_is_told_and_is_what_its_unit_says(demo_folder: Path) -> None:
    told = units(figures.PAGE.read_text(encoding="utf-8"))
    with duckdb.connect(str(demo_folder / "warehouse/marts.duckdb"), read_only=True) as con:
        published = con.execute(
            "select table_name, column_name from duckdb_columns()"
            f" where database_name = 'marts' and schema_name = 'main' and data_type in {NUMBERS}"
        ).fetchall()
        assert set(published) == set(told)
        asked = [(*where, what) for where, what in told.items()]
        for mart, column, what in asked:
            low, high, fraction = con.execute(
                f'select min("{column}"), max("{column}"), max("{column}" % 1 <> 0) from {mart}'
            ).fetchall()[0]
            if low is None:
                continue
            where = f"{mart}.{column}: {what}, {low} to {high}"
            if what == "share" and not OF_ANOTHER_WHOLE.fullmatch(column):
                bound = -1 if mart == "churn_bridge" else 0  # what a step adds
                assert bound <= low <= high <= 1, where
            if what == "count":
                assert not fraction, where
            if what == "change of a share":
                assert -1 <= low <= high <= 1, where
            if what in ("days", "weeks", "months", "years", "rank"):
                assert low >= 0, where
            if what == "score":
                assert -100 <= low <= high <= 100, where


def test_a_number_of_no_known_unit_has_to_say_it() -> None:
    column = {"name": "warmth", "data_type": "double", "config": {"meta": {}}}
    with pytest.raises(ValueError, match="warmth: say its unit in its yml"):
        unit(column)
    assert unit(column | {"config": {"meta": {"unit": "share"}}}) == "share"
    assert unit(column | {"data_type": "string"}) is None
    with pytest.raises(ValueError, match="one of count, share"):
        unit(column | {"config": {"meta": {"unit": "degrees"}}})


def test_bounds_have_the_unit_of_their_figure() -> None:
    for node in project.tables().values():
        if node["schema"] != "marts":
            continue
        columns = node["columns"]
        for name, column in columns.items():
            figure = columns.get(name.removesuffix("_low"))
            if figure and name.endswith("_low") and figure["data_type"] == column["data_type"]:
                assert unit(column) == unit(figure), f"{node['name']}.{name}"
