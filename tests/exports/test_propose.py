"""`retention init`: a right first mapping for exports nobody has described."""

import json
from pathlib import Path
from typing import Any

import pytest

from dagster_project.commands.init import init
from dagster_project.demo import ensure_demo
from dagster_project.exports.config.load import Export, ExportsConfig, OtherColumn, load_config
from dagster_project.exports.contract import load_contract
from dagster_project.exports.errors import ExportError
from dagster_project.exports.proposal.guess import likeness
from dagster_project.exports.proposal.propose import propose
from dagster_project.settings import DEMO_EXPORTS

from ..support.shops import DATA_SETS
from .test_loader import Shop


def proposed(folder: Path, *files: Path) -> tuple[ExportsConfig, str]:
    """What is proposed for the files in the folder, read back, and its text."""
    text = propose(list(files), folder)
    (folder / "exports.yml").write_text(text, encoding="utf-8")
    config = load_config(folder / "exports.yml")
    for name in config.exports:
        config.files(name)
    return config, text


def mapped(export: Export) -> dict[str, Any]:
    return dict(export.columns)


def test_the_demo_shop(tmp_path: Path) -> None:
    ensure_demo(DEMO_EXPORTS)
    files = [path for path in DEMO_EXPORTS.iterdir() if path.is_file()]
    config, _ = proposed(tmp_path, *files)
    right = load_config(Path(__file__).parents[2] / "data/exports.yml")
    assert set(config.exports) == set(right.exports)
    for name, export in right.exports.items():
        found = config.exports[name]
        expected = {k: v for k, v in export.columns.items() if isinstance(v, str) and k != "tier"}
        assert mapped(found) == expected
        assert len(found.files) == 1
        assert set(config.files(name)) == {
            str(Path(found.files[0]).parent / Path(file).name) for file in right.files(name)
        }
    assert config.exports["orders"].grain == "order"


RETAIL_FILES = ("online_retail_2010_2011_1.parquet", "sample_5pct_2010_2011.csv.gz")
RETAIL = {
    "order_id": "InvoiceNo",
    "customer_id": "CustomerID",
    "ordered_at": "InvoiceDate",
    "quantity": "Quantity",
    "unit_price": "UnitPrice",
    "product_id": "StockCode",
    "product_name": "Description",
    "country": "Country",
}


@pytest.mark.parametrize(
    "name", ["online_retail_2010_2011_1.parquet", "sample_5pct_2010_2011.csv.gz"]
)
def test_online_retail_is_invoice_lines(tmp_path: Path, name: str) -> None:
    config, text = proposed(tmp_path, DATA_SETS / f"online_retail/{name}")
    assert mapped(config.exports["orders"]) == RETAIL
    assert config.exports["orders"].grain == "line"
    assert "known by its columns: UCI Online Retail" in text
    assert (config.exports["orders"].time_zone, config.exports["orders"].currency) == (
        "Europe/London",
        "GBP",
    )


def test_files_of_the_same_columns_are_one_export_whatever_their_format(tmp_path: Path) -> None:
    config, _ = proposed(tmp_path, *(DATA_SETS / f"online_retail/{name}" for name in RETAIL_FILES))
    assert len(config.files("orders")) == 2


def test_cdnow_has_no_order_number(tmp_path: Path) -> None:
    config, _ = proposed(tmp_path, DATA_SETS / "cdnow/cdnow_sample_1in10.parquet")
    columns = mapped(config.exports["orders"])
    # both ids tell the same customers apart; the preset takes the other one
    assert columns.pop("customer_id") in ("master_id", "sample_id")
    assert columns == {"ordered_at": "date", "quantity": "number_of_cds", "amount": "dollar_value"}


def test_complete_journey_baskets_are_orders(tmp_path: Path) -> None:
    config, text = proposed(tmp_path, DATA_SETS / "complete_journey/baskets_1.parquet")
    assert mapped(config.exports["orders"]) == {
        "order_id": "basket_id",
        "customer_id": "household_id",
        "ordered_at": "ts",
        "quantity": "quantity",
        "amount": "sales_value",
    }
    assert config.exports["orders"].grain == "order"
    assert "# not mapped: store_id, week, n_lines, retail_disc" in text


def test_ie_shop_of_six_files_has_four_exports(tmp_path: Path) -> None:
    others = ("returns", "reviews", "marketing_campaigns")
    names = ("orders", "website_sessions", "customers", *others)
    config, text = proposed(tmp_path, *(DATA_SETS / f"ie_shop/{name}.parquet" for name in names))
    assert list(config.exports) == ["orders", "sessions", "customers", "refunds"]
    orders, sessions, customers, refunds = map(mapped, config.exports.values())
    assert refunds.items() >= {"refunded_at": "return_date", "amount": "refund_amount"}.items()
    # of stars no NPS can be made
    assert "reviews.parquet is left out: `rating` from 1 to 5 is no answer from 0 to 10" in text
    assert (
        orders.items()
        >= {
            "order_id": "order_id",
            "customer_id": "customer_id",
            "ordered_at": "order_date",
            "shipping_amount": "shipping_cost",
            "coupon_code": "coupon_code",
        }.items()
    )
    # the total is the subtotal less the discount, with tax and shipping
    assert orders["amount"].sql == '"subtotal" - coalesce("discount_amount", 0)'
    assert sessions == {
        "session_id": "session_id",
        "customer_id": "customer_id",
        "started_at": "session_date",
        "source": "source",
        "landing_page": "landing_page",
        "device": "device_type",
        "page_views": "page_views",
    }
    assert customers.pop("name").sql == 'concat_ws(\' \', "first_name", "last_name")'
    assert customers == {
        "customer_id": "customer_id",
        "email": "email",
        "phone": "phone",
        "country": "country",
        "total_orders": "total_orders",
        "signed_up_at": "registration_date",
    }
    assert "any may serve as a segment, ours: theirs: age" in text
    assert "marketing_campaigns.parquet fits no export" in text


def test_app_events_are_events(tmp_path: Path) -> None:
    config, _ = proposed(tmp_path, DATA_SETS / "app_events/ecom.csv.gz")
    assert mapped(config.exports["events"]) == {
        "session_id": "session_id",
        "customer_id": "user_id",
        "event_name": "event",
        "source": "acquisition_channel",
        "platform": "platform",
        "occurred_at": "timestamp",
    }


ORDERS = "Order ID;Customer;Date;Total\n1;a;2024-01-05T10:00:00Z;5\n2;b;2024-01-06T10:00:00Z;6\n"


def test_what_is_proposed_can_be_loaded(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    paths = [shop.write(f"in/o_{day}.csv", ORDERS) for day in ("2024-01-31", "2024-02-29")]
    config, text = proposed(tmp_path, *paths)
    assert config.exports["orders"].files == ["in/o_*.csv"]
    assert "orders.time_zone" not in text
    assert shop.load_config(config, "orders").rows == 4


def test_a_glob_meets_no_other_file(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    paths = [shop.write(f"o_{number}.csv", ORDERS) for number in (1, 2)]
    shop.write("o_note.csv", "not asked for\n")
    config, _ = proposed(tmp_path, *paths)
    assert config.exports["orders"].files == ["o_1.csv", "o_2.csv"]


def test_a_file_elsewhere_is_named_from_the_folder(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "data")
    path = shop.write("o.csv", ORDERS)
    (tmp_path / "config").mkdir()
    config, _ = proposed(tmp_path / "config", path)
    assert config.exports["orders"].files == ["../data/o.csv"]


def test_times_in_another_order_get_a_format(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    path = shop.write(
        "o.csv",
        "order_id,user_id,created_at,total\n1,a,05.01.2024 10:00,5\n2,b,31.01.2024 9:00,6\n",
    )
    config, _ = proposed(tmp_path, path)
    assert config.exports["orders"].timestamp_format == "%d.%m.%Y %H:%M"
    assert shop.load_config(config, "orders").rows == 2


def test_a_decimal_comma_is_seen(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    path = shop.write(
        "o.csv",
        "order_id;user_id;created_at;total\n1;a;2024-01-05;5\n2;b;2024-01-31;1.006,50\n",
    )
    config, _ = proposed(tmp_path, path)
    assert config.exports["orders"].decimal == ","
    assert shop.load_config(config, "orders").rows == 2
    assert shop.values("amount") == [5, 1006.5]


def test_money_that_no_column_holds_is_asked_for(tmp_path: Path) -> None:
    path = Shop(tmp_path).write(
        "o.csv",
        "order_id,customer_id,order_date,currency,sku\n1,a,2024-01-05,GBP,x\n",
    )
    config, text = proposed(tmp_path, path)
    assert config.exports["orders"].columns["amount"].value == 0  # type: ignore[union-attr]
    assert "# TODO exports.orders.columns.amount: no column holds what the order came to" in text


def test_who_recurs_with_a_time_is_no_profile(tmp_path: Path) -> None:
    rows = [
        {"ts": 1704276000 + n, "name": name, "profile": {"user_id": user}}
        for n, (name, user) in enumerate([("open", "u1"), ("buy", "u1"), ("open", "u2")])
    ]
    path = Shop(tmp_path).write("a.jsonl", "\n".join(map(json.dumps, rows)))
    config, _ = proposed(tmp_path, path)
    assert config.exports["events"].columns["event_name"] == "name"
    assert config.exports["events"].columns["customer_id"] == "profile.user_id"


def test_an_offset_without_a_colon_is_one(tmp_path: Path) -> None:
    path = Shop(tmp_path).write(
        "o.csv", "order;email;created;net\n1;a@x.de;2024-01-05 10:00:00 +0200;5\n"
    )
    config, text = proposed(tmp_path, path)
    assert config.exports["orders"].columns["ordered_at"] == "created"
    assert "orders.time_zone" not in text


def test_an_order_counts_by_its_payment_and_which_of_two_states_is_asked(tmp_path: Path) -> None:
    path = Shop(tmp_path).write(
        "o.csv",
        "order,email,created,net,state,fulfillment_status,payment_status\n"
        "1,a@x.de,2024-01-05,5,CA,SHIPPED,PAID\n2,b@x.de,2024-01-06,5,NY,PROCESSING,UNPAID\n",
    )
    config, text = proposed(tmp_path, path)
    assert config.exports["orders"].columns["status"] == "payment_status"
    assert config.exports["orders"].status_map == {"PAID": "counted", "UNPAID": "pending"}
    assert "columns.status: does `payment_status` say whether an order counts, or" in text


def test_two_kinds_of_files_for_one_export_are_told(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    paths = [
        shop.write("o.csv", ORDERS),
        shop.write("p.csv", ORDERS.replace("Total", "Subtotal;Tax")),
    ]
    _, text = proposed(tmp_path, *paths)
    assert "fits orders as well, which is taken; an export has one mapping" in text


def test_names_that_yaml_would_misread_are_quoted(tmp_path: Path) -> None:
    path = Shop(tmp_path).write(
        "o.csv",
        '"Order: ID","#customer","Date","total","yes"\n1,a,2024-01-05,5,x\n',
    )
    config, _ = proposed(tmp_path, path)
    assert (
        mapped(config.exports["orders"]).items()
        >= {"order_id": "Order: ID", "customer_id": "#customer"}.items()
    )


def test_files_that_fit_nothing_are_an_error(tmp_path: Path) -> None:
    path = Shop(tmp_path).write("x.csv", "sku,bin,kg\na,b,2\n")
    with pytest.raises(ExportError) as raised:
        propose([path], tmp_path)
    assert "x.csv fits no export: for orders it lacks a time and money that is named so" in str(
        raised.value
    )
    assert "its columns are sku (text), bin (text), kg (numbers)" in str(raised.value)
    assert "{files: x.csv, columns: {customer_id: ..., ordered_at: ..., amount: ...}}" in str(
        raised.value
    )


def test_rows_within_one_object_are_found(tmp_path: Path) -> None:
    rows = [
        {"id": n, "customer": {"id": f"c{n % 3}"}, "created_at": f"2024-01-{n + 1:02}T10:00:00Z"}
        | {"total": 10.5 + n, "currency": "EUR", "lines": [{"sku": "a"}, {"sku": "b"}]}
        for n in range(9)
    ]
    answer = {"meta": {"page": 1}, "links": [], "response": {"orders": rows}}
    path = Shop(tmp_path).write("page.json", json.dumps(answer))
    config, _ = proposed(tmp_path, path)
    assert (
        mapped(config.exports["orders"]).items()
        >= {
            **{"order_id": "id", "customer_id": "customer.id"},
            **{"ordered_at": "created_at", "amount": "total"},
        }.items()
    )
    loaded = Shop(tmp_path).load_config(config, "orders")
    assert (loaded.rows, loaded.rejected) == (9, 0)


def test_the_only_order_of_a_file_is_no_wrapper_of_its_lines(tmp_path: Path) -> None:
    lines = [{"sku": "a", "price": 2.5}, {"sku": "b", "price": 4.5}]
    order = {"order_id": 1, "customer": "c1", "created_at": "2024-01-05T10:00:00Z", "total": 7.0}
    path = Shop(tmp_path).write("o.json", json.dumps(order | {"lines": lines}))
    config, _ = proposed(tmp_path, path)
    assert config.exports["orders"].select is None
    assert mapped(config.exports["orders"])["order_id"] == "order_id"


#: Two files of words and numbers alone that no dictionary has: payments of a school, a till's rows.
SCHOOL = [
    {"id_pago": f"P{n}", "alumno": f"A{n % 13}", "fecha": f"2025-01-{n % 28 + 1:02} 10:0{n % 9}"}
    | {"importe_centimos": 4990 + 100 * (n % 5), "estado": "devuelto" if n % 10 == 9 else "pagado"}
    for n in range(60)
]
TILL = [
    f"F{n},K{n % 11},2025-02-{n % 28 + 1:02} 09:3{n % 9},{1999 + 10 * (n % 7)},"
    + ("nula" if n % 4 == 3 else "ok")
    for n in range(60)
]


def test_cents_that_the_name_tells(tmp_path: Path) -> None:
    path = Shop(tmp_path).write("pagos.jsonl", "\n".join(map(json.dumps, SCHOOL)) + "\n")
    config, _ = proposed(tmp_path, path)
    orders = config.exports["orders"]
    assert mapped(orders) == {
        **{"order_id": "id_pago", "customer_id": "alumno", "ordered_at": "fecha"},
        **{"status": "estado", "amount": OtherColumn(name="importe_centimos", unit="cents")},
    }
    assert orders.status_map == {"pagado": "counted", "devuelto": "refunded"}


def test_what_no_name_tells_is_asked_with_what_each_reading_gives(tmp_path: Path) -> None:
    path = Shop(tmp_path).write(
        "v.csv", "folio,parcela,momento,importe,situ\n" + "\n".join(TILL) + "\n"
    )
    config, text = proposed(tmp_path, path)
    assert mapped(config.exports["orders"]) == {
        **{"order_id": "folio", "customer_id": "parcela", "ordered_at": "momento"},
        **{"status": "situ", "amount": "importe"},
    }
    total = sum(1999 + 10 * (n % 7) for n in range(60))
    asked = " ".join(config.todos().values())
    assert "is `parcela` who bought?" in asked
    assert "does `situ` say whether an order counts? Its values are ok (45), nula (15)" in asked
    assert f"are they cents? as they are gives {total:,.2f}" in asked, text
    assert f"with `unit: cents` at each gives {total / 100:,.2f}" in asked


def test_turkish_money_and_states(tmp_path: Path) -> None:
    states = ("Teslim Edildi", "İptal", "İade Edildi")
    rows = [
        f"TR{n};m{n % 7}@ornek.com.tr;{n % 28 + 1:02}.01.2025 10:00;{states[n % 3]};"
        f"1.2{n % 10}0,50 TL;29,90 TL"
        for n in range(30)
    ]
    head = "Sipariş No;Müşteri E-posta;Sipariş Tarihi;Durum;Ara Toplam;Kargo\n"
    path = Shop(tmp_path).write("s.csv", head + "\n".join(rows) + "\n")
    config, _ = proposed(tmp_path, path)
    orders = config.exports["orders"]
    assert (orders.currency, orders.decimal, orders.number_style) == ("TRY", ",", ["currency"])
    shop = Shop(tmp_path)
    shop.load_config(config, "orders")
    assert shop.ask(
        "select status, count(*), sum(amount) from raw.orders group by 1 order by 1"
    ) == [
        ("cancelled", 10, sum(1200 + 10 * (n % 10) for n in range(1, 30, 3)) + 5),
        ("counted", 10, sum(1200 + 10 * (n % 10) for n in range(0, 30, 3)) + 5),
        ("refunded", 10, sum(1200 + 10 * (n % 10) for n in range(2, 30, 3)) + 5),
    ]


def test_titles_that_have_all_columns_are_above_the_header(tmp_path: Path) -> None:
    rows = [f"{n},01/{n % 28 + 1:02}/2025 02:10 PM,M{n % 5},3,${n}.50" for n in range(25)]
    text = "Sales report,,,,\nJan 2025,,,,\n\nReceipt,Sold at,Member,Items,Takings (ex VAT)\n"
    path = Shop(tmp_path).write("r.csv", text + "\n".join(rows) + "\nTotal,,,,$312.50\n")
    config, _ = proposed(tmp_path, path)
    orders = config.exports["orders"]
    assert orders.skip_rows == 3
    assert mapped(orders) == {
        **{"order_id": "Receipt", "customer_id": "Member", "ordered_at": "Sold at"},
        **{"quantity": "Items", "amount": "Takings (ex VAT)"},
    }
    loaded = Shop(tmp_path).load_config(config, "orders")
    assert (loaded.rows, loaded.rejected) == (25, 1)


def test_prices_are_asked_for_their_tax(tmp_path: Path) -> None:
    rows = "".join(f"{n // 2},k{n % 5},2025-01-{n + 1:02},2,4.50\n" for n in range(20))
    head = "ordernummer,klant,besteldatum,aantal,stukprijs{}\n"
    for name, is_asked in (("", True), (" netto", False)):
        path = Shop(tmp_path).write("r.csv", head.format(name) + rows)
        config, _ = proposed(tmp_path, path)
        assert (("orders", "columns.unit_price") in config.todos()) == is_asked


def test_a_missing_and_a_broken_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"gone.csv: no such file"):
        propose([tmp_path / "gone.csv"], tmp_path)
    with pytest.raises(ExportError, match=r"a.csv: the file is empty"):
        propose([Shop(tmp_path).write("a.csv", "")], tmp_path)


def test_a_missing_file_is_told_before_a_proposal_that_is_there(tmp_path: Path) -> None:
    output = Shop(tmp_path).write("exports.yml", "")
    with pytest.raises(ExportError, match=r"gone.csv: no such file"):
        init([tmp_path / "gone.csv"], output)
    with pytest.raises(ExportError, match=r"exports.yml exists already"):
        init([Shop(tmp_path).write("o.csv", ORDERS)], output)


@pytest.mark.parametrize(
    ("export", "column", "name"),
    [
        ("orders", "order_id", "Order No"),
        ("orders", "order_id", "orderNumber"),
        ("orders", "customer_id", "CustomerID"),
        ("orders", "ordered_at", "Created At"),
        ("orders", "unit_price", "UnitPrice"),
        ("orders", "product_id", "SKU"),
        ("sessions", "started_at", "session_start"),
        ("sessions", "anonymous_id", "user_pseudo_id"),
        ("events", "event_name", "eventType"),
        ("events", "page", "page_location"),
        ("customers", "signed_up_at", "Registration Date"),
        ("customers", "email", "E-Mail Address"),
    ],
)
def test_names_that_shops_give(export: str, column: str, name: str) -> None:
    table = load_contract().tables[export]
    scores = {each.name: likeness(each, name) for each in table.columns.values()}
    assert max(scores, key=lambda each: scores[each]) == column
    assert scores[column] >= 0.5


def test_parts_of_an_order_that_its_lines_repeat(tmp_path: Path) -> None:
    """Shipping and discount are the order's; the discount is taken off the lines in proportion."""
    lines = [
        f"A{n},c{n % 7},2024-01-{n + 1:02} 10:00,s{line},2,{10 + 10 * line},{n % 3 + 4},{n % 3 * 6}"
        for n in range(20)
        for line in range(1 + n % 3)
    ]
    file = tmp_path / "orders.csv"
    head = "Order No,Client,Placed At,Sku,Qty,Unit Price,Shipping,Discount"
    file.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    config, text = proposed(tmp_path, file)
    assert config.exports["orders"].amount_is_per == {
        "discount_amount": "order",
        "shipping_amount": "order",
    }
    assert "exports.orders.amount_is_per: `Discount` is the same on all lines" in text
    shop = Shop(tmp_path)
    shop.load_config(config, "orders")
    # by order: two of each product, less 0, 6 or 12
    goods = {n: 20 * sum(range(1, 2 + n % 3)) - n % 3 * 6 for n in range(20)}
    found = dict(shop.ask("select order_id, sum(amount)::double from raw.orders group by 1"))
    assert found == pytest.approx({f"A{n}": worth for n, worth in goods.items()}, abs=0.001)


def bookings(number: str, money: str) -> list[dict[str, Any]]:
    """Lines of forty orders of twelve customers, two each of every second order."""
    rows = []
    for order in range(40):
        lines = 1 + order % 2
        for line in range(lines):
            own = 20 + (7 * order + 13 * line) % 31 + 0.5
            total = sum(20 + (7 * order + 13 * n) % 31 + 0.5 for n in range(lines))
            shown: dict[str, Any] = {
                "of the line": own,
                "of the order": total,
                "on the first line": total if line == 0 else None,
            }
            rows.append(
                {
                    number: f"R{1000 + order}",
                    "when": f"2024-0{1 + order // 14}-{1 + order % 28:02} 10:{order:02}:07",
                    "guest_no": f"G{order * 5 % 12}",
                    "course": f"c{(order + line) % 5}",
                    "total": shown[money],
                }
            )
    return rows


@pytest.mark.parametrize("money", ["of the line", "of the order", "on the first line"])
@pytest.mark.parametrize("number", ["booking_ref", "Vorgang", "reservation", "code"])
def test_an_order_number_that_no_name_tells(tmp_path: Path, number: str, money: str) -> None:
    rows = bookings(number, money)
    lines = [",".join("" if v is None else str(v) for v in row.values()) for row in rows]
    shop = Shop(tmp_path)
    file = shop.write("bookings.csv", "\n".join([",".join(rows[0]), *lines]) + "\n")
    config, text = proposed(tmp_path, file)
    orders = config.exports["orders"]
    assert (orders.columns["order_id"], orders.grain) == (number, "line")
    assert f"is `{number}` the order's number?" in " ".join(config.todos().values())
    shop.load_config(config, "orders")
    ((ids, amount),) = shop.ask("select count(distinct order_id), sum(amount) from raw.orders")
    given = sum(row["total"] for row in rows if row["total"])
    assert (ids, float(amount)) == (40, given)
    assert ("amount_is_per: order" in text) is (money == "of the order")


def test_versions_of_an_order_are_no_lines(tmp_path: Path) -> None:
    rows = [f"o{n},G{n % 9},2024-01-{n % 28 + 1:02} 10:00:07,{n + 20}.5,pending" for n in range(30)]
    rows += [row.replace("pending", "paid") for row in rows[:20]]
    path = Shop(tmp_path).write(
        "o.csv", "\n".join(["order_id,customer,created_at,total,status", *rows]) + "\n"
    )
    config, _ = proposed(tmp_path, path)
    assert config.exports["orders"].grain == "order"


def test_lines_that_nothing_numbers_are_asked_about(tmp_path: Path) -> None:
    rows = [
        f"G{n // 2 % 9},2024-01-{n // 2 % 28 + 1:02} 10:00:{n // 2:02},p{n % 3},{n + 20}.5"
        for n in range(60)
    ]
    path = Shop(tmp_path).write(
        "o.csv", "\n".join(["customer,created_at,item,total", *rows]) + "\n"
    )
    config, _ = proposed(tmp_path, path)
    asked = " ".join(config.todos().values())
    assert "60 rows stand at one moment with others of their customer" in asked
    assert "as they are gives 3,000.00" in asked
    assert "`grain: line` and `order_id: " in asked


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("paid", {"true": "counted", "false": "pending"}),
        ("isCancelled", {"true": "cancelled", "false": "counted"}),
    ],
)
def test_yes_and_no_of_a_state_are_states_and_asked(
    tmp_path: Path, name: str, means: dict[str, str]
) -> None:
    rows = [
        json.dumps(
            {"no": f"s{n}", "at": 1673062570 + 86_400 * n, "account": f"A{n % 9}"}
            | {"amount": 20.5 + n, "currency": "EUR", name: n % 5 > 0}
        )
        for n in range(40)
    ]
    path = Shop(tmp_path).write("s.jsonl", "\n".join(rows) + "\n")
    config, _ = proposed(tmp_path, path)
    assert mapped(config.exports["orders"])["status"] == name
    assert config.exports["orders"].status_map == means
    asked = " ".join(config.todos().values())
    assert (
        f"does `{name}` say whether an order counts? Its values are true (32), false (8)" in asked
    )


def spanish(net: str) -> list[str]:
    """Orders of a price with tax in it, and beside it what is left of that by a name of its own."""
    head = f"Nº pedido;Fecha compra;Situación;Correo;PVP con IVA;{net}"
    states = ("Cobrado", "En espera", "Borrador")
    rows = [
        f"P-{n};{n % 28 + 1:02}-01-2023;{states[n % 3]};l{n % 9}@c.es;"
        + f"{(n + 20) * 1.04:.2f};{n + 20}.00".replace(".", ",")
        for n in range(60)
    ]
    return [head, *rows]


def test_what_is_left_of_a_price_without_its_tax_is_offered(tmp_path: Path) -> None:
    path = Shop(tmp_path).write("p.csv", "\n".join(spanish("Base")) + "\n")
    config, _ = proposed(tmp_path, path)
    asked = " ".join(config.todos().values())
    gross = sum(round((n + 20) * 1.04, 2) for n in range(0, 60))
    assert f"`PVP con IVA` gives {gross:,.2f}" in asked
    assert f"`Base` gives {sum(range(20, 80)):,.2f}" in asked
    assert config.exports["orders"].status_map == {
        **{"Cobrado": "counted", "En espera": "pending", "Borrador": "pending"},
    }


def test_a_base_of_tax_is_net_by_its_name(tmp_path: Path) -> None:
    path = Shop(tmp_path).write("p.csv", "\n".join(spanish("Base imponible")) + "\n")
    config, _ = proposed(tmp_path, path)
    assert mapped(config.exports["orders"])["amount"] == "Base imponible"


@pytest.mark.parametrize("with_time", [True, False])
def test_a_number_that_begins_again_is_one_with_customer_and_time(
    tmp_path: Path, with_time: bool
) -> None:
    clock = " 10:00:07" if with_time else ""
    rows = [
        f"{n % 24 + 1},2024-{1 + n // 24:02}-{n % 24 + 1:02}{clock},G{n % 7},c{line},{n + 20}.5"
        for n in range(72)
        for line in range(1 + n % 2)
    ]
    path = Shop(tmp_path).write("z.csv", "\n".join(["zib,day,member,course,total", *rows]) + "\n")
    config, _ = proposed(tmp_path, path)
    assert config.exports["orders"].grain == "line"
    asked = " ".join(config.todos().values())
    assert "is `zib` the order's number, which begins again?" in asked
    assert "it makes 72 orders of 108 rows" in asked
    shop = Shop(tmp_path)
    shop.load_config(config, "orders")
    assert shop.ask("select count(distinct order_id) from raw.orders") == [(72,)]


@pytest.mark.parametrize(("price", "line"), [("pu_ht", "montant_ht"), ("unit_net", "line_net")])
def test_a_price_without_tax_is_no_amount_of_its_line(
    tmp_path: Path, price: str, line: str
) -> None:
    rows = [
        f"o{n // 2},2024-01-{n // 2 % 28 + 1:02} 10:00:00,K{n % 9},p{n % 4},{1 + n % 3},{n + 5}.5,"
        f"{n % 4}.25,{(1 + n % 3) * (n + 5.5) - n % 4 - 0.25:.2f}"
        for n in range(60)
    ]
    head = f"order_id,created_at,customer_id,product_id,quantity,{price},discount,{line}"
    path = Shop(tmp_path).write("l.csv", "\n".join([head, *rows]) + "\n")
    config, _ = proposed(tmp_path, path)
    found = mapped(config.exports["orders"])
    assert (found["amount"], found["unit_price"]) == (line, price)


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [("annulee", "oui", "non"), ("storniert", "ja", "nein"), ("anulado", "si", "no")],
)
def test_yes_and_no_in_other_languages(tmp_path: Path, name: str, yes: str, no: str) -> None:
    rows = [
        f"s{n},2024-01-{n % 28 + 1:02} 10:00:07,A{n % 9},{n + 20}.5,{yes if n % 9 == 0 else no}"
        for n in range(60)
    ]
    path = Shop(tmp_path).write(
        "f.csv", "\n".join([f"order_id,created_at,customer_id,total,{name}", *rows]) + "\n"
    )
    config, _ = proposed(tmp_path, path)
    assert mapped(config.exports["orders"])["status"] == name
    assert config.exports["orders"].status_map == {yes: "cancelled", no: "counted"}
