"""Files with the columns of real exports: what is proposed, and what it comes to once loaded."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dagster_project.exports.config.load import OtherColumn
from dagster_project.exports.proposal.propose import propose

from ..support.loading import Shop
from ..support.shops import DATA_SETS

SUM = "select count(*), count(distinct customer_id), sum(amount)::double from raw.orders"


@dataclass(frozen=True)
class Right:
    """Our columns and theirs, options, what is asked, and the answer of a query once loaded."""

    export: str
    columns: dict[str, Any]
    query: str
    answer: tuple[Any, ...]
    asked: tuple[str, ...] = ()
    options: dict[str, Any] | None = None


CASES = {
    "a1": Right(
        "orders",
        {"customer_id": "customer_id", "ordered_at": "date", "amount": "amount"},
        *(SUM, (3, 3, 33.27)),
    ),
    "a2": Right(
        "orders",
        {"order_id": "order_id", "customer_id": "hash of email", "amount": "total"},
        *(SUM, (3, 2, 62.5), ("columns.amount", "time_zone")),
    ),
    "a3": Right(
        "orders",
        {"amount": "subtotal", "tax_amount": "tax", "shipping_amount": "shipping"},
        *(SUM, (2, 2, 50.0)),
    ),
    "a4": Right("orders", {"ordered_at": "order_date"}, SUM, (3, 2, 82.5), ("timestamp_format",)),
    "a5": Right(
        "orders",
        {"ordered_at": "created in seconds", "amount": "amount_cents in cents"},
        *(SUM, (3, 2, 82.5)),
    ),
    "a7": Right(
        "orders",
        {"customer_id": "Kunde", "ordered_at": "Datum", "amount": "Betrag"},
        *(SUM, (2, 2, 1171.0)),
        options={"decimal": ","},
    ),
    "a9": Right(
        "refunds",
        {"order_id": "order_id", "amount": "refunded_amount", "refunded_at": "order_date"},
        "select order_id, amount::double from raw.refunds",
        *(("2", 10.0), ("columns.refunded_at",)),
    ),
    "b2": Right(
        "events",
        {"event_id": "event_id", "customer_id": "user_id", "event_name": "event_name"},
        "select count(*), cast(min(occurred_at) as varchar) from raw.events",
        (2, "2024-01-05 10:20:00"),
    ),
    "b3": Right(
        "sessions",
        {"session_id": "visit_id", "started_at": "visit_time in seconds", "page_views": "pages"},
        "select count(*), sum(page_views)::bigint, cast(min(started_at) as varchar)"
        " from raw.sessions",
        (2, 7, "2024-01-05 10:20:00"),
    ),
    "b5": Right("orders", {"customer_id": "customer_unique_id"}, SUM, (3, 2, 63.5)),
    "b6": Right(
        "orders",
        {"order_id": "OrderID", "shipping_amount": "Freight"},
        *(SUM, (2, 2, 0.0), ("columns.amount",)),
    ),
    "b8": Right(
        "orders",
        {"customer_id": "hash of Customer", "amount": "Net Sales", "tax_amount": "Taxes"},
        *(SUM, (2, 1, 51.0), ("columns.customer_id",)),
    ),
    "c1": Right("orders", {"amount": "amount"}, SUM, (2, 2, 51.0)),
    "c3": Right(
        "orders",
        {"quantity": "qty", "unit_price": "unit_price"},
        *(SUM, (3, 2, 55.5)),
        options={"grain": "line"},
    ),
    "c4": Right(
        "orders",
        {"amount": "order_total", "product_id": "sku"},
        "select sum(amount)::double from"
        " (select max(amount) as amount from raw.orders group by order_id)",
        (55.5,),
        options={"grain": "line", "amount_is_per": "order"},
    ),
    "d4": Right(
        "orders",
        {"amount": "amount", "tax_amount": "Order Total Tax Amount"},
        *(SUM, (2, 2, 51.0), ("columns.amount",)),
    ),
    "e1": Right(
        "customers",
        {"email": "Email", "country": "Country"},
        "select count(*), count(*) filter (where consent_email) from raw.customers",
        (2, 1),
    ),
    "e3": Right(
        "marketing_spend",
        {"cost": "Amount spent (USD)", "spend_date": "Day", "clicks": "Link clicks"},
        "select sum(cost)::double, sum(clicks)::bigint, min(currency) from raw.marketing_spend",
        (26.0, 61, "USD"),
    ),
    "e4": Right(
        "marketing_spend",
        {"cost": "Cost", "spend_date": "Date", "impressions": "Impr."},
        "select sum(cost)::double, sum(impressions)::bigint from raw.marketing_spend",
        (1026.0, 11100),
    ),
    "e5": Right(
        "subscriptions",
        {"subscription_id": "id", "customer_id": "customer", "start_date": "created"},
        "select count(*), sum(amount)::double from raw.subscriptions",
        *((2, 40.0), ("columns.end_date",)),
    ),
}


def written(column: Any) -> Any:
    """A column as the cases name it."""
    if not isinstance(column, OtherColumn):
        return column
    if column.hash:
        return f"hash of {column.name}"
    return f"{column.name} in {column.unit}"


@pytest.mark.parametrize("name", CASES)
def test_the_proposal_is_right(name: str, tmp_path: Path) -> None:
    right, shop = CASES[name], Shop(tmp_path)
    sent = shop.write(f"{name}.csv", (DATA_SETS / f"cases/init/{name}.csv").read_bytes())
    text = propose([sent], tmp_path)
    (tmp_path / "exports.yml").write_text(text, encoding="utf-8")
    config = shop.read("exports.yml")
    exports = {"orders", "refunds"} if name == "a9" else {right.export}
    assert set(config.exports) == exports
    export = config.exports[right.export]
    found = {ours: written(column) for ours, column in export.columns.items()}
    assert found.items() >= right.columns.items()
    assert export.model_dump().items() >= (right.options or {}).items()
    for setting in right.asked:
        assert f"# TODO exports.{right.export}.{setting}:" in text
    assert shop.load_config(config, right.export).rejected == 0
    assert shop.ask(right.query) == [pytest.approx(right.answer)]


CONTACTS = (
    "select count(*), count(*) filter (where consent_email),"
    " count(*) filter (where not consent_email) from raw.customers"
)
MAKERS = {
    "hubspot/hubspot-crm-exports-all-contacts-2024-04-01.csv": (CONTACTS, [(30, 24, 6)]),
    "klaviyo/klaviyo_profiles.csv": (CONTACTS, [(30, 10, 10)]),
    "mailchimp/subscribed_members_export_1.csv": (CONTACTS, [(30, 30, 0)]),
    "mailchimp/campaign_activity.csv": (
        "select status, count(*) from raw.messages group by 1 order by 2 desc",
        [("sent", 30), ("opened", 15), ("clicked", 5)],
    ),
}


@pytest.mark.parametrize("file", MAKERS)
def test_an_export_of_a_maker_is_known(file: str, tmp_path: Path) -> None:
    query, answer = MAKERS[file]
    shop = Shop(tmp_path)
    sent = shop.write(Path(file).name, (DATA_SETS / "cases/vendors" / file).read_bytes())
    text = propose([sent], tmp_path)
    assert "known by its columns" in text
    (tmp_path / "exports.yml").write_text(text, encoding="utf-8")
    config = shop.read("exports.yml")
    (export,) = config.exports
    assert shop.load_config(config, export).rejected == 0
    assert shop.ask(query) == answer


def test_a_shopify_order_file(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    sent = shop.write("o.csv", (DATA_SETS / "cases/files/shopify/o.csv").read_bytes())
    (tmp_path / "exports.yml").write_text(propose([sent], tmp_path), encoding="utf-8")
    config = shop.read("exports.yml")
    assert config.exports["orders"].grain == "line"
    shop.load_config(config, "orders")
    # the subtotals, told on the first line of each order
    lines = sent.read_text(encoding="utf-8").splitlines()
    subtotal = lines[0].split(",").index("Subtotal")
    right = sum(float(line.split(",")[subtotal] or 0) for line in lines[1:])
    assert shop.ask(SUM.replace("count(*)", "count(distinct order_id)"))[0][2] == right


def test_an_object_within_is_looked_into(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    sent = shop.write(
        "o.jsonl", (DATA_SETS / "cases/files/json_nested_customer/o.jsonl").read_bytes()
    )
    config_text = propose([sent], tmp_path)
    (tmp_path / "exports.yml").write_text(config_text, encoding="utf-8")
    assert shop.read("exports.yml").exports["orders"].columns["customer_id"] == "customer.id"


def test_whole_amounts_with_commas_are_asked_about_unless_one_decides(tmp_path: Path) -> None:
    for name, is_asked in (("us_thousands", True), ("us_thousands2", False)):
        (source,) = (DATA_SETS / "cases/files" / name).glob("*.csv")
        sent = Shop(tmp_path / name).write(source.name, source.read_bytes())
        text = propose([sent], sent.parent)
        assert "thousands: ','" in text
        assert (".thousands: each ',' stands before three digits" in text) == is_asked
