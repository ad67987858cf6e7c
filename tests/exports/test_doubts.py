"""What `retention init` asks of columns that no export has, so that no row counts in silence.

Each file is drawn here with what only its shop knows: that some rows are no sales, that percent are
no money, that an order has more money than its amount.
"""

import random
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from dagster_project.exports.errors import ExportError
from dagster_project.exports.proposal.propose import propose

from ..support.loading import Shop

ROWS = 120
Row = dict[str, object]


def _orders(more: Callable[[random.Random, Row], Row]) -> list[Row]:
    """Orders of 30 customers, each with what `more` adds to it."""
    rng = random.Random(7)
    rows = []
    for number in range(ROWS):
        row: Row = {
            "order_id": 1000 + number,
            "order_date": f"2024-{1 + number // 20:02d}-{1 + number % 20:02d} 10:30",
            "customer_id": f"K{rng.randrange(30):03d}",
            "net_total": Decimal(rng.randrange(1050, 9050)) / 100,
        }
        rows.append(row | more(rng, row))
    return rows


def _lines(more: Callable[[int], Row]) -> list[Row]:
    """Two lines each of 42 orders of eleven customers, each with what `more` adds to it."""
    return [
        {
            "order_no": n // 2,
            "order_date": f"2024-01-{1 + n // 2 % 28:02d}",
            "client": f"K{n // 2 % 11}",
            "article": f"A{n % 7}",
            **more(n),
        }
        for n in range(84)
    ]


def _write(path: Path, rows: list[Row]) -> Path:
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _proposed(path: Path, *others: Path) -> tuple[str, dict]:
    """The proposal on one line, without what breaks comments, and its orders."""
    text = propose([path, *others], path.parent)
    return " ".join(text.replace("#", "").split()), yaml.safe_load(text)["exports"]["orders"]


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("Type", ["Invoice"] * 9 + ["Credit memo"], "`Type` (Invoice: "),
        ("doc_kind", ["FA"] * 9 + ["AB"], "`doc_kind` (FA: "),
        ("is_test", [0] * 9 + [1], "`is_test` (0: "),
        ("state", [1] * 8 + [2, 9], "`state` (1: "),
        ("Stav", ["hotovo"] * 8 + ["storno_x", "ceka"], "`Stav` (hotovo: "),
        ("cancelled_at", [""] * 9 + ["2024-08-01 08:00"], "`cancelled_at` (filled in "),
        ("Storno", [""] * 9 + ["X"], "`Storno` (X: "),
        (
            "label",
            [f"Anna {n}" for n in range(9)] + ["TEST do not ship"],
            "tells of a test or of a",
        ),
        ("remark", [f"door {n}" for n in range(9)] + ["storniert lt. Tel."], "tells of a test or"),
    ],
)
def test_columns_that_may_say_that_rows_do_not_count(
    tmp_path: Path, column: str, values: list, said: str
) -> None:
    rows = _orders(lambda rng, row: {column: rng.choice(values)})
    text, _ = _proposed(_write(tmp_path / "o.csv", rows))
    assert "TODO exports.orders.where: do all rows count?" in text
    assert said in text


def test_numbers_of_several_kinds_of_documents_are_asked_about(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {"order_id": f"{rng.choice(['RE', 'AN'])}-{row['order_id']}"})
    text, _ = _proposed(_write(tmp_path / "o.csv", rows))
    assert "`order_id` (of several kinds: " in text
    assert " as AN-1" in text


def test_parts_of_an_order_by_their_number_are_asked_about(tmp_path: Path) -> None:
    rows = _orders(
        lambda rng, row: {
            "order_id": f"{row['order_id'] // 2}-{1 + row['order_id'] % 2}",
            "customer_id": f"K{row['order_id'] // 2 % 30}",
        }
    )
    text, _ = _proposed(_write(tmp_path / "o.csv", rows))
    assert f"Without it {ROWS} orders are {ROWS // 2}, each of one customer." in text


def test_a_line_that_comes_to_the_others_is_asked_about(tmp_path: Path) -> None:
    rows: list[Row] = []
    for order in range(40):
        for goods, money in (("A", "9.50"), ("B", f"{order + 10}.25"), ("", f"{order + 19}.75")):
            rows.append(
                {
                    "order_no": order,
                    "order_date": f"2024-01-{1 + order % 28:02d}",
                    "client": f"K{order % 11}",
                    "article": goods,
                    "line_net": money,
                }
            )
    text, _ = _proposed(_write(tmp_path / "o.csv", rows))
    assert "in 40 of 40 orders of several lines one comes to the sum of the others" in text


def test_a_price_beside_whole_numbers_is_asked_about(tmp_path: Path) -> None:
    rows = _lines(lambda n: {"zzz": 1 + n % 3, "net": f"{10 + n % 7}.50"})
    text, _ = _proposed(_write(tmp_path / "o.csv", rows))
    # one, two and three of each of seven, four times
    assert f"`net` times `zzz` gives {4 * 6 * sum(range(10, 17)) + 4 * 6 * 3.5:,.2f}" in text


def test_thousands_by_their_name_are_asked_about(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {"Netto (TEUR)": "0.125"})
    for row in rows:
        row.pop("net_total")
    text, _ = _proposed(_write(tmp_path / "o.csv", rows))
    assert f"in thousands gives {ROWS * 125:,.2f}" in text


def test_two_moments_of_which_none_is_the_orders_by_name_are_asked_about(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {"Booked on": "2023-12-24 10:30"})
    text, _ = _proposed(_write(tmp_path / "o.csv", rows))
    assert "was the order placed at `order_date`, or at `Booked on`?" in text


def test_what_lines_give_back_is_not_one_refund_for_an_order(tmp_path: Path) -> None:
    rows = _lines(
        lambda n: {
            "line_net": f"{10 + n % 5}.50",
            "refunded_amount": f"{n % 3}.25" if n % 3 else "0.00",
        }
    )
    path = _write(tmp_path / "o.csv", rows)
    refunds = yaml.safe_load(propose([path], tmp_path))["exports"]["refunds"]
    assert "refund_id" not in refunds["columns"]


def test_orders_without_a_number_are_asked_about(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {})
    for row in rows:
        row.pop("order_id")
    text, _ = _proposed(_write(tmp_path / "o.csv", rows))
    assert "no column is the order's number: is each row an order?" in text


def test_kinds_of_lines_are_asked_about(tmp_path: Path) -> None:
    rows = _lines(
        lambda n: {"line type": ["item", "postage_x"][n % 2], "line net": f"{10 + n % 5}.50"}
    )
    text, orders = _proposed(_write(tmp_path / "o.csv", rows))
    assert orders["grain"] == "line"
    assert "`line type` (item: 42, postage_x: 42)" in text


def test_what_says_nothing_of_counting_is_not_asked_about(tmp_path: Path) -> None:
    rows = _orders(
        lambda rng, row: {
            "channel": rng.choice(["web", "shop"]),
            "payment method": rng.choice(["card", "cash"]),
            "country": rng.choice(["DE", "AT"]),
            "note": "latest contest",
        }
    )
    text, _ = _proposed(_write(tmp_path / "o.csv", rows))
    assert "do all rows count?" not in text


@pytest.mark.parametrize(
    ("column", "suffix"), [("Discount %", ""), ("Discount", ""), ("disc", "%")]
)
def test_a_discount_in_percent_is_no_money(tmp_path: Path, column: str, suffix: str) -> None:
    rows = _orders(lambda rng, row: {column: f"{rng.choice([0, 10, 20])}{suffix}"})
    text, orders = _proposed(_write(tmp_path / "o.csv", rows))
    assert "discount_amount" not in orders["columns"]
    assert f"`{column}`" in text or f"not mapped: {column}" in text


@pytest.mark.parametrize("has_total", [True, False])
def test_lines_before_a_discount_in_percent_are_asked_with_it_taken_off(
    tmp_path: Path, has_total: bool
) -> None:
    rows: list[Row] = [
        {
            "order": 1 + n // 2,
            "date": f"2024-0{1 + n // 40}-{1 + n // 2 % 20:02d}",
            "customer": f"K{n // 2 % 17}",
            "sku": f"S{n % 7}",
            "qty": 1 + n % 3,
            "price net": "10.50",
            "line total net": f"{Decimal('10.50') * (1 + n % 3)}",
            "discount %": [0, 10, 20][n % 3],
        }
        for n in range(ROWS)
    ]
    for row in rows if not has_total else ():
        row.pop("line total net")
    path = _write(tmp_path / "o.csv", rows)
    text, _ = _proposed(path)
    # a third each: 10.50, 21.00 less a tenth, 31.50 less a fifth
    assert f"percent gives {40 * (10.5 + 18.9 + 25.2):,.2f}" in text
    (tmp_path / "exports.yml").write_text(propose([path], tmp_path), encoding="utf-8")
    shop = Shop(tmp_path)
    shop.load_config(shop.read("exports.yml"), "orders")
    assert shop.ask("select sum(amount) from raw.orders") == [(Decimal("2184.0000"),)]


def test_tax_in_percent_is_taken_out_of_what_has_it_in(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {"gross": row.pop("net_total"), "vat": 25})
    for n, row in enumerate(rows):
        row["gross"], row["vat"] = ("125.50", 25) if n % 2 else ("112.50", 12)
        row.pop("net_total", None)
    text, orders = _proposed(_write(tmp_path / "o.csv", rows))
    assert "tax_amount" not in orders["columns"]
    # 60 times 125.50 / 1.25 = 100.40, and 60 times 112.50 / 1.12 = 100.45
    assert f"less its tax by `vat` gives {60 * (100.40 + 100.45):,.2f}" in text


def test_a_voucher_of_money_is_no_coupon(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {"Voucher": f"{rng.choice([0, 5, 10])}.00"})
    text, orders = _proposed(_write(tmp_path / "o.csv", rows))
    assert "coupon_code" not in orders["columns"]
    assert "has `Voucher` been taken off `net_total`?" in text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (lambda rng, row: {"goods total": row["net_total"] * 9}, "`goods total` gives"),
        (
            lambda rng, row: {
                "commission": row["net_total"] * Decimal("0.1"),
                "item price": row["net_total"] * Decimal("1.1"),
            },
            "`item price` gives",
        ),
        (
            lambda rng, row: {"store credit used": f"{rng.choice([0, 5])}.00"},
            "`net_total` and `store credit used` together gives",
        ),
    ],
)
def test_money_that_the_amount_does_not_explain_is_asked(
    tmp_path: Path, more: Callable, said: str
) -> None:
    text, _ = _proposed(_write(tmp_path / "o.csv", _orders(more)))
    assert "is `net_total` all that was paid for the goods?" in text
    assert said in text


def test_the_gross_of_a_net_amount_is_not_asked_about(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {"gross_total": row["net_total"] * Decimal("1.2")})
    text, orders = _proposed(_write(tmp_path / "o.csv", rows))
    assert orders["columns"]["amount"] == "net_total"
    assert "all that was paid" not in text


def _discounted(rng: random.Random, row: Row) -> Row:
    """Of each order a discount of 1.00, tax of 2.00, shipping of 30.00, and their total."""
    net = Decimal(str(row["net_total"]))
    parts = {"discount": "1.00", "tax": "2.00", "shipping": "30.00"}
    return parts | {"grand_total": net - 1 + 2 + 30, "goods_total": net * 9}


def test_a_total_of_the_discounted_amount_and_its_parts_is_not_asked_about(tmp_path: Path) -> None:
    rows = _orders(_discounted)
    text, orders = _proposed(_write(tmp_path / "o.csv", rows))
    less = orders["columns"]["amount"]["sql"]
    assert less == '"net_total" - coalesce("discount", 0)'
    # what they do not come to is, and the question names what is proposed
    came_to = sum(Decimal(str(row["net_total"])) for row in rows) - ROWS
    assert f"is `{less}` all that was paid for the goods? as it is gives {came_to:,.2f}" in text
    assert "`goods_total` gives" in text
    assert "`grand_total` gives" not in text
    text, _ = _proposed(_write(tmp_path / "o.csv", [_without(row, "goods_total") for row in rows]))
    assert "all that was paid" not in text


def test_a_total_that_has_a_discount_off_that_the_amount_has_not_is_asked_about(
    tmp_path: Path,
) -> None:
    rows = _orders(
        lambda rng, row: {
            **{"amount": row["net_total"], "discount": row["net_total"] / 2},
            "paid": row["net_total"] / 2,
        }
    )
    text, _ = _proposed(_write(tmp_path / "o.csv", [_without(row, "net_total") for row in rows]))
    assert "is `amount` all that was paid for the goods?" in text
    assert "`paid` gives" in text


def _without(row: Row, column: str) -> Row:
    return {name: value for name, value in row.items() if name != column}


@pytest.mark.parametrize("postage", ["Spese di spedizione", "SHIP-1"])
def test_lines_of_no_goods_are_asked_about(tmp_path: Path, postage: str) -> None:
    rows = []
    for order in range(40):
        for place, (goods, price) in enumerate([(f"A{order % 9}", "9.50"), (postage, "4.90")]):
            rows.append(
                {
                    "order_no": order,
                    "order_date": f"2024-01-{1 + order % 28:02d}",
                    "client": f"K{order % 11}",
                    "line_no": place,
                    "article": goods,
                    "line_net": price,
                }
            )
    text, _ = _proposed(_write(tmp_path / "o.csv", rows))
    assert f"are lines of `article` no goods: {postage} (in 40 of 40 orders)?" in text


@pytest.mark.parametrize(
    ("more", "customer"),
    [
        (
            lambda rng, row: {
                "customer_id": "",
                "client_manager": rng.choice(["ann", "ben", "carl"]),
                "account": row["customer_id"],
            },
            "account",
        ),
        (
            lambda rng, row: {
                "customer_id": "",
                "customer_session_id": f"s{row['order_id'] // 2}",
                "email": f"{row['customer_id']}@x.org",
            },
            {"name": "email", "hash": True},
        ),
    ],
)
def test_who_is_no_customer(tmp_path: Path, more: Callable, customer: object) -> None:
    _, orders = _proposed(_write(tmp_path / "o.csv", _orders(more)))
    assert orders["columns"]["customer_id"] == customer


def test_a_customer_that_is_empty_where_an_address_stands_is_asked(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {"email": f"{row['customer_id']}@x.org"})
    for row in rows[::2]:
        row["customer_id"] = ""
    text, _ = _proposed(_write(tmp_path / "o.csv", rows))
    assert "TODO exports.orders.columns.customer_id: `customer_id` is empty in some rows" in text


def test_a_currency_is_known_by_its_codes(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {"Měna": rng.choice(["CZK", "EUR"])})
    _, orders = _proposed(_write(tmp_path / "o.csv", rows))
    assert orders["columns"]["currency"] == "Měna"


def test_a_currency_in_the_amounts_name_that_a_column_denies_is_asked(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {"net_total_EUR": row["net_total"], "currency": "PLN"})
    for row in rows:
        row.pop("net_total")
    text, orders = _proposed(_write(tmp_path / "o.csv", rows))
    assert orders["currency"] == "EUR"
    assert "`net_total_EUR` names EUR, and `currency` says PLN: which is it?" in text


def test_years_before_the_day_are_read_by_the_span_of_the_dates(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {"order_date": f"23/07/{1 + rng.randrange(28):02d}"})
    _, orders = _proposed(_write(tmp_path / "o.csv", rows))
    assert orders["timestamp_format"] == "%y/%m/%d"


@pytest.mark.parametrize("attempts", [1, 2])
def test_payments_of_orders_that_say_what_they_came_to_are_left_out(
    tmp_path: Path, attempts: int
) -> None:
    rows = _orders(lambda rng, row: {})
    orders = _write(tmp_path / "orders.csv", rows)
    paid = [
        {"payment_id": n, "order_id": row["order_id"], "paid_at": row["order_date"], "amount": 9.5}
        for n, row in enumerate(rows[20:] * attempts)
    ]
    text, proposed = _proposed(orders, _write(tmp_path / "payments.csv", paid))
    assert proposed["files"] == "orders.csv"
    assert "joined" not in proposed
    assert (
        "payments.csv is left out: 100 of its 100 order ids stand in orders.csv, so that uniting"
        " them would count orders twice." in text
    )
    assert "exports.orders.files" not in text
    assert "unite the files" not in text


@pytest.mark.parametrize(("first", "is_same"), [(1060, True), (1061, False), (2000, False)])
def test_files_are_of_the_same_orders_where_half_of_their_numbers_are(
    tmp_path: Path, first: int, is_same: bool
) -> None:
    ours = _orders(lambda rng, row: {})
    # numbers with gaps are fractions to pandas
    theirs: list[Row] = [
        {"Order No": f"{first + n}.0", "Bought": "2024-05-01 12:00", "Client": "x", "Sum": "5.50"}
        for n in range(ROWS)
    ]
    files = _write(tmp_path / "a.csv", ours), _write(tmp_path / "b.csv", theirs)
    text, _ = _proposed(*files)
    assert ("b.csv is left out: 60 of its 120 order ids stand in a.csv" in text) == is_same
    assert ("TODO exports.orders.files: b.csv fits as well" in text) != is_same


def test_payments_of_all_months_are_of_the_orders_of_each(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {})
    for month in range(6):
        _write(tmp_path / f"orders_{month}.csv", rows[month * 20 : month * 20 + 20])
    paid: list[Row] = [
        {"id": n, "order": row["order_id"], "date": row["order_date"], "amount": 9.5}
        for n, row in enumerate(rows + rows[:60])
    ]
    files = sorted(tmp_path.glob("orders_*.csv"))
    text, _ = _proposed(_write(tmp_path / "sums.csv", paid), *files)
    assert "count orders twice" in text


def test_orders_that_a_join_would_leave_out_are_asked_about(tmp_path: Path) -> None:
    heads: list[Row] = [
        {"id": n, "created_at": f"2024-01-{1 + n % 28:02d} 10:00", "customer_id": f"K{n % 7}"}
        for n in range(50)
    ]
    lines: list[Row] = [
        {"order_id": n, "sku": f"S{n % 5}", "quantity": 2, "line_net": "9.50"} for n in range(40)
    ]
    text, _ = _proposed(_write(tmp_path / "orders.csv", heads), _write(tmp_path / "i.csv", lines))
    assert "10 orders of orders.csv have no row in i.csv, and are left out" in text


def test_returns_are_refunds(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {})
    back = [
        {"return_id": n, "order_id": row["order_id"], "returned_at": "2024-09-01", "net_value": 5.5}
        for n, row in enumerate(rows[:9])
    ]
    text = propose(
        [_write(tmp_path / "o.csv", rows), _write(tmp_path / "returns.csv", back)], tmp_path
    )
    assert yaml.safe_load(text)["exports"]["refunds"]["files"] == "returns.csv"


def _refunded(
    folder: Path, given_back: Callable[[Decimal], object], count: int, **parts: str
) -> tuple[str, dict]:
    """What is proposed for refunds of the first orders, in euros with tax and shipping in parts."""
    rows = _orders(lambda rng, row: parts | {"currency": "EUR"})
    back: list[Row] = [
        {
            **{"return_id": n, "order_id": row["order_id"], "returned_at": "2024-09-01"},
            "refund_value": given_back(Decimal(str(row["net_total"]))),
        }
        for n, row in enumerate(rows[:count])
    ]
    text = propose([_write(folder / "o.csv", rows), _write(folder / "returns.csv", back)], folder)
    return " ".join(text.replace("#", "").split()), yaml.safe_load(text)["exports"]["refunds"]


@pytest.mark.parametrize(
    ("given_back", "amounts", "note"),
    [
        (lambda goods: goods, "net", "9 of 9 of a whole order equal its goods"),
        (lambda goods: goods + 9, "gross", "9 of 9 of a whole order equal it with tax"),
    ],
)
def test_whole_refunds_tell_whether_tax_and_shipping_are_in_them(
    tmp_path: Path, given_back: Callable, amounts: str, note: str
) -> None:
    text, refunds = _refunded(tmp_path, given_back, 9, tax="4.00", shipping="5.00")
    assert refunds["amounts"] == amounts
    assert note in text
    assert "TODO exports.refunds.amounts" not in text


def test_whether_refunds_hold_tax_is_asked_where_none_is_of_a_whole_order(tmp_path: Path) -> None:
    # five are by one above the goods, of which tax is two; four are by three
    more = iter([1, 1, 1, 1, 1, 3, 3, 3, 3])
    text, refunds = _refunded(tmp_path, lambda goods: goods + next(more), 9, tax="2.00")
    assert "amounts" not in refunds
    assert (
        "TODO exports.refunds.amounts: do refunds hold tax? As `net`, 9 of 9 are above the goods of"
        " their order; as `gross`, 4 are above it with tax." in text
    )


def test_of_whole_refunds_that_tell_either_it_is_asked(tmp_path: Path) -> None:
    more = iter([0, 0, 0, 0, 2, 2, 2, 2, 2])
    text, _ = _refunded(tmp_path, lambda goods: goods + next(more), 9, tax="2.00")
    assert "As `net`, 5 of 9 are above the goods" in text
    assert "as `gross`, 0 are above it with tax." in text


def test_lines_repeat_the_shipping_of_their_order_in_what_refunds_are_compared_with(
    tmp_path: Path,
) -> None:
    lines = _lines(lambda n: {"line_net": f"{10 + n % 2}.50", "shipping": "5.00"})
    # lines of 10.50 and 11.50, sent for 5.00 once
    back: list[Row] = [
        {"return_id": n, "order_no": n, "returned_at": "2024-09-01", "refund_value": "27.00"}
        for n in range(9)
    ]
    files = _write(tmp_path / "o.csv", lines), _write(tmp_path / "returns.csv", back)
    exports = yaml.safe_load(propose([*files], tmp_path))["exports"]
    assert exports["orders"]["amount_is_per"] == {"shipping_amount": "order"}
    assert exports["refunds"]["amounts"] == "gross"


def test_refunds_of_orders_of_which_no_tax_is_known_are_not_asked_about(tmp_path: Path) -> None:
    text, refunds = _refunded(tmp_path, lambda goods: goods / 2, 9)
    assert "refunds.amounts" not in text
    assert "amounts" not in refunds


def test_refunds_are_in_the_only_currency_of_the_orders(tmp_path: Path) -> None:
    text, refunds = _refunded(tmp_path, lambda goods: goods, 9)
    assert refunds["currency"] == "EUR"
    assert "currency: EUR as all orders are" in text
    assert "TODO exports.refunds.currency" not in text


def test_refunds_of_orders_that_are_not_there_are_asked_about(tmp_path: Path) -> None:
    rows = _orders(lambda rng, row: {"tax": "2.00", "currency": rng.choice(["EUR", "PLN"])})
    back: list[Row] = [
        {"return_id": n, "order_id": n, "returned_at": "2024-09-01", "refund_value": "5.50"}
        for n in range(9)
    ]
    files = [_write(tmp_path / "o.csv", rows), _write(tmp_path / "returns.csv", back)]
    text = " ".join(propose(files, tmp_path).replace("#", "").split())
    assert "do refunds hold tax? None of the sample is of an order of the sample" in text
    # in which of the orders' two currencies they are, nobody says either
    assert "TODO exports.refunds.currency: no column says which it is" in text


def _answers(path: Path, *columns: str, scores: Iterable[object]) -> Path:
    rows: list[Row] = [
        {"customer": f"K{n}", "answered": "2024-03-01 10:00", **dict.fromkeys(columns, score)}
        for n, score in enumerate(scores)
    ]
    return _write(path, rows)


@pytest.mark.parametrize(
    ("scores", "scale"),
    [
        ([1, 2, 3, 4, 5] * 4, "from 1 to 5"),
        ([0, 5] * 10, "from 0 to 5"),
        (range(20), "from 0 to 19"),
        ([1, 7] * 10, "from 1 to 7"),
        ([0, 60, 100], "from 0 to 100"),
        ([*[1, 2, 5] * 20, 55], "from 1 to 55"),  # stars, and a slip
    ],
)
def test_scores_of_another_scale_are_no_survey(
    tmp_path: Path, scores: Iterable[object], scale: str
) -> None:
    text = propose(
        [
            _write(tmp_path / "o.csv", _orders(lambda rng, row: {})),
            _answers(tmp_path / "reviews.csv", "rating", scores=scores),
        ],
        tmp_path,
    )
    assert "surveys" not in yaml.safe_load(text)["exports"]
    assert (
        f"# reviews.csv is left out: `rating` {scale} is no answer from 0 to 10; NPS cannot be made"
        " of it." in text
    )


@pytest.mark.parametrize(
    ("scores", "is_asked"),
    [
        ([1, 2, 3, 4, 5] * 3, True),  # too few
        ([1, 4, 7], True),
        ([1, 4, 8], False),
        ([*range(11)] * 2, False),
        ([*[8, 9] * 20, 11], False),  # a slip
    ],
)
def test_answers_that_may_be_from_0_to_10_are_a_survey(
    tmp_path: Path, scores: list[object], is_asked: bool
) -> None:
    text = propose([_answers(tmp_path / "a.csv", "score", scores=scores)], tmp_path)
    assert yaml.safe_load(text)["exports"]["surveys"]["columns"]["score"] == "score"
    asked = f"surveys.columns.score: are these answers from 0 to 10? None of {len(scores)} is above"
    assert (asked in " ".join(text.replace("#", "").split())) == is_asked


def test_of_two_scores_the_one_from_0_to_10_is_the_answer(tmp_path: Path) -> None:
    rows: list[Row] = [
        {
            "customer": f"K{n}",
            "answered": "2024-03-01",
            "score": n % 5 + 1,
            "would recommend score": n % 11,
        }
        for n in range(40)
    ]
    text = propose([_write(tmp_path / "a.csv", rows)], tmp_path)
    columns = yaml.safe_load(text)["exports"]["surveys"]["columns"]
    assert columns["score"] == "would recommend score"


def test_orders_whose_lines_stand_in_a_list_are_no_customers(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    path.write_text(
        "".join(
            f'{{"no": {n}, "created": "2024-01-0{1 + n}T10:00:00Z", "buyer": {{"mail":'
            f' "a{n % 3}@x.org"}}, "positions": [{{"article": "A", "count": 2}}]}}\n'
            for n in range(8)
        ),
        encoding="utf-8",
    )
    with pytest.raises(ExportError, match="positions \\(rows, which `select:` can unnest\\)"):
        propose([path], tmp_path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"is a folder; name its files, as in .*\*\.csv"):
        propose([tmp_path], tmp_path)


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("Número pedido;Año;Fecha;Código cliente;Importe neto", "cp1252"),
        ("Číslo objednávky;Měna;Datum;Zákazník;Cena bez DPH", "cp1250"),
        ("Номер заказа;Город;Дата;Клиент;Сумма", "cp1251"),
    ],
)
def test_the_encoding_is_that_in_which_words_are_known(
    tmp_path: Path, header: str, encoding: str
) -> None:
    rows = "".join(f"{n};x;2024-01-{1 + n % 28:02d};K{n % 9};{n}.50\n" for n in range(40))
    path = tmp_path / "o.csv"
    path.write_bytes(f"{header}\n{rows}".encode(encoding))
    _, orders = _proposed(path)
    assert orders["encoding"] == encoding
