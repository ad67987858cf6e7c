"""What Dagster is given: the lineage from exports to published marts, and gates that block."""

from functools import cache
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.definitions import build, defs
from dagster_project.defs import schedule
from dagster_project.defs.dbt_assets import MANIFEST, core, marts, staging
from dagster_project.defs.gates import marts_gate, raw_gate, staging_gate
from dagster_project.defs.groups import GROUPS
from dagster_project.defs.resources import WAREHOUSE_TAG, forget_old_history, report_the_dead
from dagster_project.warehouse import project

from ..support.shops import ShopRun, run_shop

#: Rows of the repository itself, which no export delivers.
SEEDS = {("staging", "exchange_rates"), ("staging", "retention_studies")}
#: What is made of nothing but such rows, or of none.
BY_ITSELF = {("staging", "stg_exchange_rates"), ("core", "bootstrap_weights")}


def name(key: dg.AssetKey) -> str:
    return "/".join(key.path)


def specs() -> list[dg.AssetSpec]:
    return list(defs.resolve_all_asset_specs())


def parents() -> dict[dg.AssetKey, set[dg.AssetKey]]:
    return {spec.key: {dep.asset_key for dep in spec.deps} for spec in specs()}


def test_every_asset_is_in_a_room_that_has_an_owner() -> None:
    assert {spec.group_name for spec in specs()} == set(GROUPS)
    for spec in specs():
        assert spec.owners == [GROUPS[spec.group_name].owner], spec.key


def test_everything_comes_from_an_export() -> None:
    above = parents()

    @cache
    def sources(key: dg.AssetKey) -> set[dg.AssetKey]:
        return set().union(*(sources(parent) for parent in above[key])) if above[key] else {key}

    for spec in specs():
        if tuple(spec.key.path) in SEEDS | BY_ITSELF:
            continue
        if spec.key.path[0] != "exports":
            assert any(key.path[0] in ("exports", "ledger") for key in sources(spec.key)), spec.key


def test_every_mart_is_published() -> None:
    marts = {spec.key for spec in specs() if spec.key.path[0] == "marts"}
    assert marts
    assert parents()[dg.AssetKey(["published", "marts"])] == marts


def test_sessions_come_from_either_source() -> None:
    above = parents()[dg.AssetKey(["core", "sessions"])]
    assert dg.AssetKey(["staging", "stg_sessions"]) in above
    assert dg.AssetKey(["core", "events"]) in above


@pytest.mark.parametrize("gate", [raw_gate, staging_gate, marts_gate])
def test_gates_block(gate: dg.AssetChecksDefinition) -> None:
    assert all(check.blocking for check in gate.check_specs)


def test_every_raw_table_has_a_gate() -> None:
    raw = {spec.key for spec in specs() if spec.key.path[0] == "raw"}
    assert {check.asset_key for check in raw_gate.check_specs} == raw


def test_everything_is_described() -> None:
    bare = [name(spec.key) for spec in specs() if not spec.description]
    assert not bare
    dbt = [spec for spec in specs() if "dagster_dbt/unique_id" in spec.metadata]
    assert not [name(spec.key) for spec in dbt if (spec.description or "").startswith("dbt ")]
    assert all("dbt" in spec.kinds for spec in dbt)


def test_tables_are_named_as_people_query_them() -> None:
    for spec in specs():
        if spec.key.path[0] == "marts":
            assert spec.metadata["dagster/table_name"] == ".".join(spec.key.path)


def test_every_test_of_dbts_is_a_check_that_says_what_it_asks() -> None:
    tests = [key for key, node in MANIFEST["nodes"].items() if node["resource_type"] == "test"]
    checks = [check for step in (staging, core, marts) for check in step.check_specs]
    assert {check.metadata["dagster_dbt/unique_id"] for check in checks} == set(tests)
    assert len({check.description for check in checks}) > 50
    for check in checks:
        assert check.description, check.name
        assert check.description != check.name


def test_steps_divide_the_models_as_the_runner_does() -> None:
    for step in (staging, core, marts):
        built = {spec.metadata["dagster_dbt/unique_id"] for spec in step.specs}
        tables = project.tables().items()
        assert built == {key for key, node in tables if project.step(node) == step.op.name}


def test_nightly_takes_everything() -> None:
    job = defs.resolve_job_def("nightly")
    made = {spec.key for spec in specs() if spec.key.path[0] != "exports"}
    assert set(job.asset_layer.executable_asset_keys) == made
    assert schedule.nightly_schedule.job_name == "nightly"


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> ShopRun:
    """A shop half of whose orders have no readable date."""
    folder = tmp_path_factory.mktemp("red")
    rows = [f"{i},C{i % 7},{'soon' if i % 2 else '2024-03-11 10:00:00'},5\n" for i in range(100)]
    (folder / "orders.csv").write_text("no,who,at,total\n" + "".join(rows), encoding="utf-8")
    columns = {"order_id": "no", "customer_id": "who", "ordered_at": "at", "amount": "total"}
    return run_shop(
        folder,
        {
            "exports": {
                "orders": {
                    "files": "orders.csv",
                    "delivered_at": "2024-04-01",
                    "currency": "EUR",
                    "columns": columns,
                }
            }
        },
    )


def test_a_red_gate_stops_what_is_downstream(red: ShopRun) -> None:
    assert not red.result.success
    assert {key.path[0] for key in made(red)} <= {"raw", "ledger"}
    started = [event.step_key for event in red.result.all_events if event.is_step_start]
    assert started == ["raw", "raw_gate"]
    assert not red.warehouse.marts_file.exists()


def test_a_red_gate_says_which_export(red: ShopRun) -> None:
    verdicts = {
        check.asset_key.path[1]: (check.passed, check.severity)
        for check in red.result.get_asset_check_evaluations()
    }
    assert verdicts.pop("orders") == (False, dg.AssetCheckSeverity.ERROR)
    assert all(passed for passed, _ in verdicts.values())


def made(shop: ShopRun) -> set[dg.AssetKey]:
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    events = [event for event in shop.result.all_events if event.event_type == kind]
    return {event.asset_key for event in events if event.asset_key}


def test_a_run_that_died_with_this_warehouse_in_hand_is_reported(tmp_path: Path) -> None:
    job = build(tmp_path / "exports.yml", tmp_path).resolve_job_def("nightly")
    started = dg.DagsterRunStatus.STARTED
    with dg.DagsterInstance.ephemeral() as instance:
        runs = {
            name: instance.create_run_for_job(job, status=started, tags={WAREHOUSE_TAG: folder})
            for name, folder in (("dead", "here"), ("mine", "here"), ("elsewhere", "there"))
        }
        report_the_dead(instance, runs["mine"].run_id, "here")
        found = {name: instance.get_run_by_id(run.run_id) for name, run in runs.items()}
        statuses = {name: run.status for name, run in found.items() if run}
    failed = dg.DagsterRunStatus.FAILURE
    assert statuses == {"dead": failed, "mine": started, "elsewhere": started}


def test_all_but_the_newest_runs_of_a_warehouse_are_forgotten(tmp_path: Path) -> None:
    @dg.asset
    def something() -> None:
        print("a line of its log")

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        ran = {
            name: dg.materialize(
                [something], instance=instance, tags={WAREHOUSE_TAG: folder}
            ).run_id
            for name, folder in (("1", "here"), ("2", "here"), ("other", "there"), ("3", "here"))
        }
        forget_old_history(instance, "here", keep=2)
        left = {run.run_id for run in instance.get_runs()}
        assert left == {ran["2"], ran["3"], ran["other"]}
        paths = [str(path) for path in tmp_path.rglob("*")]
        assert not [path for path in paths if ran["1"] in path]
        assert [path for path in paths if ran["2"] in path]
        latest = instance.get_latest_materialization_event(dg.AssetKey("something"))
        assert latest is not None
        assert latest.run_id == ran["3"]
