"""Rows in question are shown after a red run too, their values by their shape only."""

from pathlib import Path

import duckdb
import pytest

from dagster_project.exports.errors import ExportError
from dagster_project.warehouse.rejects import read_rejects, write_rejects


def test_rejected_and_held_back_rows_are_shown_masked(tmp_path: Path) -> None:
    path = tmp_path / "rejects.parquet"
    with duckdb.connect() as con:
        con.execute(
            "create schema ledger; create schema staging;"
            "create table ledger.rejects (export varchar, _file varchar, _line bigint,"
            " reason varchar, value varchar);"
            "create table staging.stg_order_rows (_file varchar, _line bigint,"
            " row_status varchar, quarantine_reason varchar);"
            "insert into ledger.rejects values"
            " ('customers', 'c.csv', 7, 'birth_date is not a date', 'Zoë 12.5.80'),"
            " ('customers', 'c.csv', 9, 'birth_date is not a date', null);"
            "insert into staging.stg_order_rows values"
            " ('o.csv', 3, 'quarantined', 'status is unknown'), ('o.csv', 4, 'used', null)"
        )
        write_rejects(con, path)
    counts, rows = read_rejects(path, limit=2)
    assert counts.fetchall() == [
        ("customers", "rejected", "birth_date is not a date", 2, "c.csv"),
        ("orders", "held back", "status is unknown", 1, "o.csv"),
    ]
    assert rows.fetchall() == [
        ("customers", "c.csv", 7, "rejected", "birth_date is not a date", "aaa 99.9.99"),
        ("customers", "c.csv", 9, "rejected", "birth_date is not a date", None),
    ]


def test_before_the_first_run_there_is_nothing_to_show(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no run has checked an export yet"):
        read_rejects(tmp_path / "rejects.parquet", limit=2)
