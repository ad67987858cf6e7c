"""The contract, read from dbt's sources file: complete, and in words the loader understands."""

import re

import pytest

from dagster_project.exports.contract import Column, Table, load_contract
from dagster_project.exports.statuses import DEFAULT_STATUS_MAPS, STATUSES

TABLES = list(load_contract().tables.values())
COLUMNS = [(table, column) for table in TABLES for column in table.columns.values()]
TYPES = r"string|timestamp|date|boolean|bigint|decimal\(\d+,\d+\)"


def named(value: object) -> str:
    return value.name if isinstance(value, Table | Column) else str(value)


def test_the_four_exports_of_a_shop_are_there() -> None:
    assert {"orders", "sessions", "events", "customers"} <= set(load_contract().tables)


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_keys_and_time_are_columns(table: Table) -> None:
    assert table.key
    assert {*table.key, *filter(None, [table.time])} <= set(table.columns)
    assert table.time is None or table.columns[table.time].data_type in ("timestamp", "date")
    assert table.description
    assert "updated_at" in table.columns


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_something_is_required_and_one_column_at_most_collects(table: Table) -> None:
    assert any(column.is_required for column in table.columns.values())
    assert sum(column.collects_rest for column in table.columns.values()) <= 1


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=named)
def test_columns_have_a_type_and_a_meaning(table: Table, column: Column) -> None:
    assert re.fullmatch(TYPES, column.data_type)
    assert column.description.endswith(".")
    assert re.fullmatch(r"[a-z][a-z_]*", column.name)
    assert column.duckdb_type == ("varchar" if column.data_type == "string" else column.data_type)


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_defaults_name_columns_of_their_table(table: Table) -> None:
    for column in table.columns.values():
        words = set(re.findall(r"[a-z_]+", column.default or "")) - {"coalesce"}
        assert words <= set(table.columns)


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_a_synonym_is_no_other_column_of_its_table(table: Table) -> None:
    for column in table.columns.values():
        assert not set(column.also) & (set(table.columns) - {column.name})


def test_money_is_decimal_and_personal_data_is_marked() -> None:
    for table, column in COLUMNS:
        if column.name.endswith("amount"):
            assert column.data_type.startswith("decimal"), (table.name, column.name)
        if column.name in ("email", "phone", "name", "birth_date"):
            assert column.is_personal


def test_every_row_says_where_it_came_from() -> None:
    assert list(load_contract().provenance) == [
        "_file",
        "_line",
        "_content",
        "_delivered_at",
        "_run_id",
        "_loaded_at",
    ]


def test_default_states_are_known_ones() -> None:
    for export, states in STATUSES.items():
        assert set(DEFAULT_STATUS_MAPS[export].values()) == set(states)
        assert all(theirs == theirs.lower() for theirs in DEFAULT_STATUS_MAPS[export])
