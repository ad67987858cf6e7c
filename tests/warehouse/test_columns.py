"""In which order the columns of a mart stand: as its yml lists them, wherever its SQL does."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dagster_project.settings import DBT_PROJECT
from dagster_project.warehouse import project

#: What a figure's bounds may stand beside.
FIGURES = ("int", "bigint", "double", "decimal")
HORIZONS = {
    f"{{{{ var('prediction_horizons')[{n}] }}}}": days for n, days in enumerate((30, 90, 365))
}


def told(mart: str) -> dict[str, Any]:
    """What a mart's yml says of it; dbt's manifest sorts its columns by name."""
    (file,) = DBT_PROJECT.glob(f"models/marts/*/{mart}.yml")
    text = file.read_text(encoding="utf-8")
    for name, days in HORIZONS.items():
        text = text.replace(name, f"{days}")
    (model,) = yaml.safe_load(text)["models"]
    return model


def grain(model: dict[str, Any]) -> list[str]:
    """The columns that tell the rows of a mart apart, by its test."""
    tests = [test["unique_grain"] for test in model.get("data_tests", []) if "unique_grain" in test]
    return tests[0]["arguments"]["columns"] if tests else []


def test_every_mart_but_the_list_of_broken_rows_has_a_grain() -> None:
    assert [mart for mart in project.marts() if not grain(told(mart))] == ["quarantine"]


@pytest.mark.parametrize("mart", project.marts())
def test_the_grain_is_first_bounds_are_beside_their_figure_and_flags_are_last(mart: str) -> None:
    model = told(mart)
    kinds = {column["name"]: column["data_type"] for column in model["columns"]}
    names, key = list(kinds), grain(model)
    assert names[: len(key)] == key
    rest = names[len(key) :]
    flags = [name for name in rest if kinds[name] == "boolean"]
    if flags:  # what a flag is about may be told in words beside it
        assert {kinds[name] for name in rest[rest.index(flags[0]) :]} <= {"boolean", "string"}
    for before, name in pairwise(names):
        if name.endswith("low"):
            assert kinds[before].startswith(FIGURES), name
        assert name.endswith("high") == before.endswith("low"), name


def test_marts_are_published_in_that_order(demo_folder: Path) -> None:
    with duckdb.connect(str(demo_folder / "warehouse/marts.duckdb"), read_only=True) as con:
        for mart in project.marts():
            published = [name for name, *_ in con.execute(f"describe {mart}").fetchall()]
            assert published == [column["name"] for column in told(mart)["columns"]]
