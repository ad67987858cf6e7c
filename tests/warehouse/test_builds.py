"""What a table was built with: what rebuilds it, and what keeps it from being published."""

import copy
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import yaml

from dagster_project.settings import DBT_PROJECT
from dagster_project.warehouse import builds, project

SETTINGS: dict[str, Any] = yaml.safe_load(
    (DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8")
)["vars"]
VARIABLES = SETTINGS | project.given_by_contract()
DAYS = "model.retention.activity_days"
AS_OF = "model.retention.as_of"


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A copy of the manifest, which a test may change; the project is then as it says."""
    manifest = copy.deepcopy(dict(project.manifest()))
    for module in (project, builds):
        monkeypatch.setattr(module, "manifest", lambda: manifest)
    yield manifest
    forget()


def forget() -> None:
    """Forget what was read of the manifest."""
    for cached in (builds._macros, builds._all_meta):
        cached.cache_clear()


def moved(before: dict[str, str], **settings: Any) -> set[str]:
    forget()
    now = builds.definitions(VARIABLES | settings)
    return {name for name in now if now[name] != before[name]}


def test_words_tests_and_tags_are_no_definition(changed: dict[str, Any]) -> None:
    before = builds.definitions(VARIABLES)
    node = changed["nodes"][DAYS]
    node["description"] += ", and more"
    node["config"]["meta"] = {"note": "new"}
    node["config"]["tags"] = ["new"]
    for column in node["columns"].values():
        column["description"] = "other words"
    tests = [key for key in changed["nodes"] if key.startswith("test.")]
    for key in tests:
        del changed["nodes"][key]
    # mart_availability tells what the meta of the marts says, and nothing else does
    assert moved(before) <= {"marts.mart_availability"}


def test_sql_is_a_definition_of_its_own_model_alone(changed: dict[str, Any]) -> None:
    before = builds.definitions(VARIABLES)
    changed["nodes"][DAYS]["raw_code"] += " "
    assert moved(before) == {"core.activity_days"}


def test_a_macro_is_part_of_all_that_call_it(changed: dict[str, Any]) -> None:
    before = builds.definitions(VARIABLES)
    changed["macros"]["macro.retention.bucket_of"]["macro_sql"] += " "
    assert moved(before) == {"core.customer_keys"}


def test_a_seed_is_its_rows(changed: dict[str, Any]) -> None:
    before = builds.definitions(VARIABLES)
    changed["nodes"]["seed.retention.retention_studies"]["checksum"]["checksum"] = "other"
    assert moved(before) == {"staging.retention_studies"}


def test_a_setting_is_part_of_what_reads_it() -> None:
    before = builds.definitions(VARIABLES)
    assert "core.activity_days" not in moved(before, as_of_date="2024-01-01")
    assert "core.as_of" in moved(before, as_of_date="2024-01-01")
    assert "predictions.forecasts" in moved(before, prediction_horizons=[7])
    assert "predictions.forecasts" not in moved(before, churn_after_days=7)
    buckets = {"core.customer_keys"}
    assert moved(before, activity_buckets=8) == buckets


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A build file in which all that `cohort_value` is made of is built, in order."""
    with duckdb.connect() as connection:
        known = builds.definitions(VARIABLES)
        builds.prepare_builds(connection)
        above = project.with_ancestors(["model.retention.cohort_value"])
        done: set[str] = set()
        while len(done) < len(above):
            for key, node in above.items():
                if key not in done and done >= set(project.parents(node)):
                    name = project.relation(node)
                    builds.finish(connection, [name], {name: known.get(name, "loaded")})
                    done.add(key)
        yield connection


def faults(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return builds.faults(con, ["cohort_value"], builds.definitions(VARIABLES))


def test_what_a_whole_run_made_has_no_fault(con: duckdb.DuckDBPyConnection) -> None:
    assert faults(con) == {}


def test_what_is_older_than_its_input_is_named(con: duckdb.DuckDBPyConnection) -> None:
    builds.finish(con, ["core.as_of"], builds.definitions(VARIABLES))
    found = faults(con)
    assert found["core.customer_orders"] == "is older than core.as_of"
    assert "core.as_of" not in found


def test_what_was_begun_and_not_finished_is_named(con: duckdb.DuckDBPyConnection) -> None:
    builds.begin(con, ["core.orders"], builds.definitions(VARIABLES))
    assert faults(con)["core.orders"] == "was never built, or not to its end"


def test_a_test_that_failed_is_named_until_it_holds(con: duckdb.DuckDBPyConnection) -> None:
    builds.note_test(con, "marts.cohort_value", "assert_it_adds_up", False)
    assert faults(con) == {"marts.cohort_value": "does not hold the test assert_it_adds_up"}
    builds.note_test(con, "marts.cohort_value", "assert_something_else", True)
    assert faults(con)
    builds.note_test(con, "marts.cohort_value", "assert_it_adds_up", True)
    assert faults(con) == {}


def test_a_table_that_is_built_again_is_past_no_test_and_no_gate(
    con: duckdb.DuckDBPyConnection,
) -> None:
    mart = "marts.cohort_value"
    builds.note_test(con, mart, "a_test_that_is_no_more", False)
    builds.note_gate(con, mart, True)
    builds.finish(con, [mart], builds.definitions(VARIABLES))
    assert faults(con) == {}
    assert builds.ungated(con, [mart]) == [mart]


def test_a_gate_passes_a_table_as_it_is_and_not_the_next_one(
    con: duckdb.DuckDBPyConnection,
) -> None:
    mart = "marts.cohort_value"
    assert builds.ungated(con, [mart]) == [mart]
    builds.note_gate(con, mart, True)
    assert builds.ungated(con, [mart]) == []
    builds.finish(con, [mart], builds.definitions(VARIABLES))
    assert builds.ungated(con, [mart]) == [mart]
    builds.note_gate(con, mart, False)
    assert builds.ungated(con, [mart]) == [mart]


def test_equal_content_is_no_new_build(con: duckdb.DuckDBPyConnection) -> None:
    builds.note_content(con, "raw.orders", "select 'loaded'")
    assert faults(con) == {}
    builds.note_content(con, "raw.nps", "select null")
    before = con.execute("from ledger.builds order by all").fetchall()
    builds.note_content(con, "raw.nps", "select null")
    assert con.execute("from ledger.builds order by all").fetchall() == before
    builds.note_content(con, "raw.orders", "select 'more'")
    assert "is older than raw.orders" in " ".join(faults(con).values())


def test_kept_tables_of_another_definition_are_dropped(con: duckdb.DuckDBPyConnection) -> None:
    known = builds.definitions(VARIABLES)
    days = "core.activity_days"
    con.execute(f"create schema core; create table {days} as select 1 as x")
    builds.begin(con, [days], known)
    assert con.execute(f"from {days}").fetchall() == [(1,)]
    builds.begin(con, [days], known | {days: "another"})
    builds.require(con, [])
    with pytest.raises(builds.ExportError, match=days):
        builds.require(con, [days])


def test_tables_that_no_model_makes_are_dropped(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create schema activity; create table activity.orders as select 1 as x")
    con.execute("create schema mine; create table mine.orders as select 1 as x")
    builds.begin(con, [], builds.definitions(VARIABLES))
    left = con.execute("select schema_name from duckdb_tables() where table_name = 'orders'")
    assert left.fetchall() == [("mine",)]
