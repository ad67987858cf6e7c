"""What dbt passes on of DuckDB's errors is told from errors of the models."""

import shutil
from pathlib import Path

import duckdb
import pytest

from dagster_project.warehouse.remedies import MENDED_BY_PEOPLE, remedy


def as_dbt_says_it(error: Exception) -> str:
    return f"Runtime Error in model m (models/m.sql)\n  {error}"


def test_a_file_that_cannot_be_written_needs_a_person(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(duckdb.IOException) as raised:
        duckdb.sql(f"copy (select 1) to '{tmp_path}/file/x.csv'")
    assert remedy(as_dbt_says_it(raised.value)) == MENDED_BY_PEOPLE["IOException"]


def test_too_little_memory_needs_a_person() -> None:
    small = {"memory_limit": "1MB", "temp_directory": ""}
    with duckdb.connect(config=small) as con, pytest.raises(duckdb.OutOfMemoryException) as raised:
        con.execute("create table t as select range as a from range(10000000)")
    assert remedy(as_dbt_says_it(raised.value)) == MENDED_BY_PEOPLE["OutOfMemoryException"]


def test_an_error_of_a_model_or_a_test_is_none_of_the_machine() -> None:
    with pytest.raises(duckdb.CatalogException) as raised:
        duckdb.sql("select * from missing")
    assert remedy(as_dbt_says_it(raised.value)) is None
    assert remedy("Got 1 result, configured to fail if != 0") is None


def test_what_cannot_be_committed_needs_a_person(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    with duckdb.connect(str(folder / "build.duckdb")) as con:
        shutil.rmtree(folder)  # root may write to a folder that others may not
        with pytest.raises(duckdb.TransactionException) as raised:
            con.execute("create table t as select 1 as a")
    assert remedy(as_dbt_says_it(raised.value)) == MENDED_BY_PEOPLE["TransactionException"]
