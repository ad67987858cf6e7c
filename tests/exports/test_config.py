"""exports.yml: every fault is told with the file, the key and the nearest right name."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from dagster_project.exports.config.faults import nearest
from dagster_project.exports.config.load import ExportsConfig, asks_for, load_config
from dagster_project.exports.errors import ExportError
from dagster_project.settings import ROOT

COLUMNS = {"customer_id": "c", "ordered_at": "t", "amount": "a"}


def config(orders: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    return {"exports": {"orders": {"files": "o.csv", "columns": COLUMNS} | (orders or {})}} | rest


REFUNDS = {"files": "r.csv", "columns": {"refunded_at": "at", "amount": "sum"}}


def load(folder: Path, content: Any) -> ExportsConfig:
    path = folder / "exports.yml"
    path.write_text(
        content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8"
    )
    return load_config(path)


def without(column: str, **columns: str) -> dict[str, Any]:
    return {"columns": {k: v for k, v in COLUMNS.items() if k != column} | columns}


FAULTS = {
    "no settings, no exports": ("", ["expected the keys settings, exports and studies"]),
    "not a mapping": ("- a\n- b\n", ["expected the keys"]),
    "not YAML": ("exports: {orders: [", ["not valid YAML", "line 1"]),
    "a key twice": (
        "exports:\n  orders: {}\n  orders: {}\n",
        ["not valid YAML", "the key 'orders' stands here twice", "line 2"],
    ),
    "a key of ours": (config(path="elsewhere"), ["expected the keys"]),
    "no exports": ({"settings": {}}, ["exports: Field required"]),
    "exports without any": ({"exports": {}}, ["exports: Dictionary should have at least 1 item"]),
    "unknown key": (config(setings={}), ["setings: unknown key", "did you mean 'settings'?"]),
    "unknown setting": (
        config(settings={"churn_after_day": 30}),
        ["settings.churn_after_day: unknown key", "did you mean 'churn_after_days'?"],
    ),
    "unknown option": (
        config({"timezone": "UTC"}),
        ["exports.orders.timezone: unknown key", "did you mean 'time_zone'?"],
    ),
    "unknown option of a study": (
        config(studies=[{"name": "a", "start": "order", "return": "order", "bukket": "calendar"}]),
        ["studies.0.bukket: unknown key", "did you mean 'bucket'?"],
    ),
    "study without return": (
        config(studies=[{"name": "a", "start": "order"}]),
        ["studies.0.return: Field required"],
    ),
    "study names twice": (
        config(studies=[{"name": "a", "start": "order", "return": "order"}] * 2),
        ["studies: the name 'a' is used twice"],
    ),
    "study name that is no name": (
        config(studies=[{"name": "A b", "start": "order", "return": "order"}]),
        ["studies.0.name: String should match pattern"],
    ),
    "unknown export": (
        {"exports": {"oders": {"files": "o.csv", "columns": COLUMNS}}},
        ["exports.oders: unknown export", "did you mean 'orders'?"],
    ),
    "unknown column": (
        config({"columns": COLUMNS | {"discount_amout": "d"}}),
        ["exports.orders.columns.discount_amout", "did you mean 'discount_amount'?"],
    ),
    "bad zone": (
        config({"time_zone": "Europe/Londn"}),
        ["exports.orders.time_zone: 'Europe/Londn' is no time zone", "Europe/London"],
    ),
    "an encoding nobody knows": (
        config({"encoding": "cp12520"}),
        ["exports.orders.encoding: 'cp12520' is no encoding of text", "such as cp1252"],
    ),
    "a codec that is no encoding": (
        config({"encoding": "base64"}),
        ["exports.orders.encoding: 'base64' is no encoding of text"],
    ),
    "bad business zone": (
        config(settings={"business_time_zone": "GMT+25"}),
        ["settings.business_time_zone: 'GMT+25' is no time zone"],
    ),
    "a part of the world is no zone": (
        config({"time_zone": "Europe"}),
        ["exports.orders.time_zone: 'Europe' is no time zone"],
    ),
    "unknown segment": (
        config(settings={"segments": ["country", "chanel"]}),
        ["settings.segments: 'chanel' is neither shipped nor a", "did you mean 'channel'?"],
    ),
    "segment that is no name": (
        config(settings={"segments": ["a'b"]}),
        ["settings.segments.0: String should match pattern"],
    ),
    "segment twice": (
        config(settings={"segments": ["country", "device", "country"]}),
        ["settings.segments: country is named twice"],
    ),
    "zone that leads out of the folder": (
        config({"time_zone": "../../etc/passwd"}),
        ["exports.orders.time_zone", "is no time zone"],
    ),
    "bad currency": (config({"currency": "£"}), ["exports.orders.currency: '£' is no ISO 4217"]),
    "bad base currency": (
        config(settings={"base_currency": "POUND"}),
        ["settings.base_currency: 'POUND' is no ISO 4217 currency code such as GBP"],
    ),
    "churn after no days": (
        config(settings={"churn_after_days": 0}),
        ["settings.churn_after_days", "greater than or equal to 1"],
    ),
    "horizons in disorder": (
        config(settings={"prediction_horizons": [30, 365, 90]}),
        ["settings.prediction_horizons: give three different numbers of days, the shortest first"],
    ),
    "two horizons": (
        config(settings={"prediction_horizons": [30, 90]}),
        ["settings.prediction_horizons", "at least 3"],
    ),
    "unknown purchase model": (
        config(settings={"prediction_model": "pareto"}),
        ["settings.prediction_model: Input should be 'mbg' or 'bg'"],
    ),
    "day that is none": (
        config(settings={"as_of_date": "2023-02-30"}),
        ["settings.as_of_date", "valid date"],
    ),
    "week start": (
        config(settings={"week_starts_on": "friday"}),
        ["settings.week_starts_on: Input should be 'monday' or 'sunday'"],
    ),
    "no files": (
        config({"files": []}),
        ["exports.orders.files: Value should have at least 1 item"],
    ),
    "no columns": (config({"columns": {}}), ["exports.orders.columns: Dictionary should have"]),
    "amount of the order without lines": (
        config({"amount_is_per": "order"}),
        ["exports.orders.amount_is_per: only orders with `grain: line` have it"],
    ),
    "amount of the order that is not mapped": (
        config(
            {"grain": "line", "amount_is_per": "order"}
            | without("amount", quantity="n", unit_price="price")
        ),
        ["exports.orders.amount_is_per: `order` is of a mapped amount"],
    ),
    "discount of the order that amounts are computed of": (
        config(
            {"grain": "line", "amount_is_per": {"discount_amount": "order"}}
            | without("amount", quantity="n", unit_price="price", discount_amount="off")
        ),
        ["exports.orders.amount_is_per: `order` is of a mapped amount"],
    ),
    "what is no money of an order": (
        config({"grain": "line", "amount_is_per": {"quantity": "order"}}),
        ["exports.orders.amount_is_per", "'discount_amount', 'tax_amount' or 'shipping_amount'"],
    ),
    "amounts of something else": (
        config({"amounts": "net"}),
        ["exports.orders.amounts: only refunds have it"],
    ),
    "gross refunds of orders without tax": (
        {"exports": config()["exports"] | {"refunds": REFUNDS | {"amounts": "gross"}}},
        ["exports.refunds.amounts: `gross` is split as orders are; map their `tax_amount:`"],
    ),
    "cents for a time": (
        config({"columns": COLUMNS | {"ordered_at": {"name": "at", "unit": "cents"}}}),
        ["exports.orders.columns.ordered_at.unit: cents are of money"],
    ),
    "seconds for money": (
        config({"columns": COLUMNS | {"amount": {"name": "sum", "unit": "seconds"}}}),
        ["exports.orders.columns.amount.unit: seconds are of times"],
    ),
    "an unknown unit": (
        config({"columns": COLUMNS | {"amount": {"name": "sum", "unit": "euros"}}}),
        ["exports.orders.columns.amount.unit: Input should be 'seconds', 'milliseconds'"],
    ),
    "column neither sql nor value": (
        config({"columns": COLUMNS | {"currency": {}}}),
        ["exports.orders.columns.currency", "give either `name:`, `sql:` or `value:`"],
    ),
    "column with sql and value": (
        config({"columns": COLUMNS | {"currency": {"sql": "a", "value": "b"}}}),
        ["exports.orders.columns.currency", "give either `name:`, `sql:` or `value:`"],
    ),
    "select without the file": (
        config({"select": "select * from orders"}),
        ["exports.orders.select: `select:` holds one SELECT over {file}"],
    ),
    "status that is none": (
        config({"status_map": {"paid": "count"}}),
        ["exports.orders.status_map.paid: unknown state 'count'; did you mean 'counted'?"],
    ),
    "grain of sessions": (
        {"exports": {"sessions": {"files": "s", "grain": "line", "columns": {"started_at": "t"}}}},
        ["exports.sessions.grain: only orders have it"],
    ),
    "required column": (
        config(without("ordered_at")),
        [
            "exports.orders.columns: the required column 'ordered_at' is not mapped",
            "add `ordered_at: <its name in the file>` (When the order was placed (UTC))",
        ],
    ),
    "required column with an alternative": (
        config(without("amount")),
        ["the required column 'amount', or quantity and unit_price, is not mapped"],
    ),
    "half an alternative": (
        config(without("amount", quantity="q")),
        ["the required column 'amount', or quantity and unit_price, is not mapped"],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_names_file_and_key_and_remedy(tmp_path: Path, name: str) -> None:
    content, expected = FAULTS[name]
    with pytest.raises(ExportError) as raised:
        load(tmp_path, content)
    message = str(raised.value)
    assert all(
        line.startswith(f"{tmp_path / 'exports.yml'}: ") for line in message.splitlines()
    ) or ("not valid YAML" in message)
    for part in expected:
        assert part in message


def test_a_missing_file_is_told_with_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"exports.yml: no such file; `retention init FILE"):
        load_config(tmp_path / "exports.yml")


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "exports.yml").write_bytes("exports: {}  # caf\xe9".encode("latin-1"))
    with pytest.raises(ExportError, match=r"exports.yml: not UTF-8 .*; save it as UTF-8"):
        load_config(tmp_path / "exports.yml")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    content = config({"timezone": "UTC", "currency": "£"}, settings={"week_starts_on": "friday"})
    with pytest.raises(ExportError) as raised:
        load(tmp_path, content)
    assert len(str(raised.value).splitlines()) == 3


def test_faults_of_form_and_of_meaning_are_told_together_and_once(tmp_path: Path) -> None:
    """What follows from a fault alone, an export taken out, is not told as another one."""
    sessions = {"files": "s.csv", "columns": {"started_at": "at", "nonsense": "x"}}
    exports = {"orders": {"columns": COLUMNS | {"currency": {}}}, "sessions": sessions}
    with pytest.raises(ExportError) as error:
        load(tmp_path, {"exports": exports, "settings": {"week_starts_on": "friday"}})
    said = [line.split(": ", 1)[1] for line in str(error.value).splitlines()]
    assert [line.split(":")[0] for line in said] == [
        "settings.week_starts_on",
        "exports.orders.files",
        "exports.orders.columns.currency",
        "exports.orders.columns.currency",
        "exports.sessions.columns.nonsense",
    ]
    with pytest.raises(ExportError, match=r"exports\.orders\.files") as error:
        load(tmp_path, {"exports": {"orders": exports["orders"]}})
    assert "at least 1 item" not in str(error.value)


def test_the_smallest_configuration_has_defaults(tmp_path: Path) -> None:
    orders = load(tmp_path, config()).exports["orders"]
    assert (orders.files, orders.time_zone, orders.grain) == (["o.csv"], "UTC", "order")
    assert orders.negative_amounts == "refund"


def test_amount_may_stand_in_as_quantity_and_unit_price(tmp_path: Path) -> None:
    loaded = load(tmp_path, config(without("amount", quantity="q", unit_price="p")))
    assert "amount" not in loaded.exports["orders"].columns


def test_currencies_are_upper_case_and_numbers_name_columns(tmp_path: Path) -> None:
    orders = load(
        tmp_path, config({"currency": "gbp", "columns": COLUMNS | {"country": 2024}})
    ).exports["orders"]
    assert (orders.currency, orders.columns["country"]) == ("GBP", "2024")


def test_further_columns_of_customers_are_allowed(tmp_path: Path) -> None:
    customers = {"files": "c.csv", "columns": {"customer_id": "id", "tier": "Tier"}}
    assert (
        "tier" in load(tmp_path, {"exports": {"customers": customers}}).exports["customers"].columns
    )


def test_further_columns_of_customers_are_segments(tmp_path: Path) -> None:
    customers = {"files": "c.csv", "columns": {"customer_id": "id", "tier": "level"}}
    shop = config(settings={"segments": ["tier", "device"]})
    shop["exports"]["customers"] = customers
    assert load(tmp_path, shop).settings.segments == ["tier", "device"]
    customers["columns"] = {"customer_id": "id", "email": "tier"}
    with pytest.raises(ExportError, match=r"settings.segments: 'tier' is neither shipped nor"):
        load(tmp_path, shop)


def test_only_given_settings_become_dbt_vars(tmp_path: Path) -> None:
    settings = {"exchange_rates": "rates.csv", "exclude_customers": "staff.txt"}
    settings |= {"churn_after_days": 30, "as_of_date": dt.date(2024, 5, 1), "segments": ["country"]}
    assert load(tmp_path, config({"grain": "line"}, settings=settings)).dbt_vars() == {
        "churn_after_days": 30,
        "as_of_date": "2024-05-01",
        "segments": ["country"],
        "orders_grain": "line",
        "orders_currency": "",
        "amount_unit_is_told": False,
        "amounts_of_order": [],
        "negative_amounts": "refund",
        "sessions_mapped": False,
    }


def test_dbt_vars_without_orders(tmp_path: Path) -> None:
    sessions = {"files": "s.csv", "columns": {"started_at": "t"}}
    assert load(tmp_path, {"exports": {"sessions": sessions}}).dbt_vars() == {
        "sessions_mapped": True
    }


def test_files_come_in_name_order_and_each_once(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "deep/er/c.csv", "orders[1].csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.csv").mkdir()
    patterns = ["*.csv", "a.csv", "deep/**/*.csv", "orders[1].csv"]
    files = load(tmp_path, config({"files": patterns})).files("orders")
    assert list(files) == ["a.csv", "b.csv", "deep/er/c.csv", "orders[1].csv"]
    assert files["deep/er/c.csv"] == tmp_path / "deep/er/c.csv"


def test_a_pattern_may_meet_nothing_but_files_that_were_loaded_before(tmp_path: Path) -> None:
    (tmp_path / "o.csv").touch()
    loaded = load(tmp_path, config({"files": ["o.csv", "old/*.csv"]}))
    assert list(loaded.files("orders", known=["old/a.csv"])) == ["o.csv"]
    with pytest.raises(ExportError, match=r"no file matches 'old/\*.csv'"):
        loaded.files("orders", known=["older/a.csv"])


@pytest.mark.parametrize("pattern", ["none.csv", "none_*.csv", "folder"])
def test_a_pattern_that_meets_no_file_is_told(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "o.csv").touch()
    loaded = load(tmp_path, config({"files": ["o.csv", pattern]}))
    with pytest.raises(ExportError) as raised:
        loaded.files("orders")
    assert f"exports.orders.files: no file matches '{pattern}'" in str(raised.value)
    assert str(tmp_path) in str(raised.value)


@pytest.mark.parametrize(
    ("pattern", "file", "expected"),
    [
        ("o_*.csv", "o_1.csv", True),
        ("o_*.csv", "deep/o_1.csv", False),
        ("*.csv", "deep/o.csv", False),
        ("**/*.csv", "o.csv", True),
        ("**/*.csv", "deep/er/o.csv", True),
        ("deep/*/o.csv", "deep/er/o.csv", True),
        ("o[1].csv", "o[1].csv", True),
        ("o[1].csv", "o1.csv", True),
        ("../x/*.csv", "../x/o.csv", True),
        ("o.csv", "O.csv", False),
    ],
)
def test_what_a_pattern_asks_for(pattern: str, file: str, expected: bool) -> None:
    assert asks_for(pattern, file) is expected


def test_the_nearest_name_or_all_of_them() -> None:
    assert nearest("Countri", ["country", "channel"]) == "did you mean 'country'?"
    assert nearest("zzz", ["b", "a"]) == "known: a, b"


@pytest.mark.parametrize(
    "preset", sorted((ROOT / "data/presets").glob("*.yml")), ids=lambda p: p.stem
)
def test_every_preset_is_valid(preset: Path) -> None:
    assert load_config(preset).exports


@pytest.fixture
def shops(tmp_path: Path) -> Path:
    """A shop's folder; beside it lies another's file, and links lead there."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for place in (tmp_path, folder):
        (place / "o.csv").touch()
    (folder / "link.csv").symlink_to(tmp_path / "o.csv")
    (folder / "elsewhere").symlink_to(tmp_path)
    return folder


OUTSIDE = ["../o.csv", "{}/o.csv", "*/../../o.csv", "link.csv", "l*.csv", "elsewhere/o.csv"]


@pytest.mark.parametrize("pattern", OUTSIDE)
def test_files_outside_of_the_folder_are_read_by_leave_alone(shops: Path, pattern: str) -> None:
    named = pattern.format(shops.parent)
    if pattern.startswith("*"):
        (shops / "old").mkdir()
    with pytest.raises(ExportError, match=r"orders\.files.*outside.*files_outside_folder: true"):
        load(shops, config({"files": named})).files("orders")
    allowed = {"settings": {"files_outside_folder": True}} | config({"files": named})
    assert load(shops, allowed).files("orders")


def test_joined_files_and_those_of_settings_lie_in_the_folder_too(shops: Path) -> None:
    joined = {"select": "select * from {file} join {o} using (no)", "joined": {"o": "../o.csv"}}
    with pytest.raises(ExportError, match=r"orders\.joined\.o.*outside"):
        load(shops, config(joined)).located("orders")
    named = {"settings": {"exclude_customers": "link.csv"}} | config({})
    with pytest.raises(ExportError, match=r"settings\.exclude_customers.*outside"):
        load(shops, named).setting_files()
