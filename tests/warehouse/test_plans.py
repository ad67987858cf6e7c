"""How DuckDB would run the models: none compares each row of a table with each of another."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb


def test_no_join_compares_each_row_with_each(demo_folder: Path, tmp_path: Path) -> None:
    """A left join whose key is an equation beside a condition on the left side alone does."""
    build = shutil.copy(demo_folder / "warehouse/build.duckdb", tmp_path / "build.duckdb")
    compiled = sorted((demo_folder / "warehouse/dbt/compiled").glob("*/models/**/*.sql"))
    models = [path for path in compiled if path.parent.suffix != ".yml"]
    with duckdb.connect(str(build), read_only=True) as con:
        found = {
            path.stem: each
            for path in models
            for each in _operators(
                json.loads(
                    con.execute(f"explain (format json) {path.read_text()}").fetchall()[0][1]
                )
            )
            if each["name"] == "BLOCKWISE_NL_JOIN"
            and each["extra_info"]["Join Type"] in ("LEFT", "RIGHT")
            and " = " in each["extra_info"]["Condition"]
        }
    assert len(models) > 150
    assert found == {}


def _operators(plan: Any) -> Iterator[dict[str, Any]]:
    """A plan's operators."""
    for node in plan if isinstance(plan, list) else [plan]:
        yield node
        yield from _operators(node.get("children", []))
