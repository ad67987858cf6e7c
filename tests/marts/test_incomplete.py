"""What is incomplete has no rate, in any mart: asked of every column that is one."""

import re
from pathlib import Path

import duckdb
import pytest

#: A rate, a bound of one, or a ratio by another name.
RATE = re.compile(
    r"(^|_)rate($|_)|^(roi|cac|ltv_to_cac|k_factor|conversion\w*|grr|nrr|quick_ratio)$"
)


@pytest.fixture(scope="module")
def marts(demo_folder: Path) -> Path:
    return demo_folder / "warehouse/marts.duckdb"


def test_an_incomplete_row_has_no_rate(marts: Path) -> None:
    with duckdb.connect(str(marts), read_only=True) as con:
        columns = con.execute(
            "select table_name, list(column_name) from duckdb_columns() where schema_name = 'main'"
            " group by 1 having list_contains(list(column_name), 'is_complete')"
        ).fetchall()
        asked, told = 0, []
        for table, names in columns:
            for name in filter(RATE.search, names):
                asked += 1
                query = f'select count("{name}") from "{table}" where not is_complete'
                if con.execute(query).fetchone() != (0,):
                    told.append((table, name))
    assert asked > 40
    assert told == []
