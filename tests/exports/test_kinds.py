"""Kinds of files that are read wrongly elsewhere: read right here, refused by name, or told of."""

import datetime as dt
import gzip
import hashlib
import io
import shutil
import tarfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dagster_project.exports.errors import ExportError
from dagster_project.exports.loading.deliveries import delivery_date

from ..support.loading import COLUMNS, Shop, at
from ..support.shops import DATA_SETS

LINES = {"grain": "line"}
CUSTOMERS = {"customer_id": "id", "email": "mail", "country": "land", "birth_date": "born"}
#: Ids of sixteen digits, whole and as a spreadsheet leaves them.
WHOLE = [f"{7_345_000_000_000_000 + 7 * n}" for n in range(60)]
CUT = [f"{734_500_000_000_000 + 7 * n}0" for n in range(30)]
SPEND = {"source": "net", "cost": "cost", "spend_date": "day"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.con.close()


def orders(shop: Shop, *rows: str, header: str = "id,who,at,sum", **options: Any) -> None:
    shop.write("o.csv", "\n".join([header, *rows]) + "\n")
    shop.load(delivered_at="2024-12-31", **options)


def refused(shop: Shop, *rows: str, header: str = "id,who,at,sum", **options: Any) -> str:
    with pytest.raises(ExportError) as error:
        orders(shop, *rows, header=header, **options)
    assert shop.orders() == []
    return str(error.value)


def notes(shop: Shop) -> list[tuple]:
    """What is noted of values, beside that dates have no time of day."""
    return shop.ask(
        'select "column", what, reason, rows, first_line from ledger.value_notes'
        " where what <> 'dates'"
    )


@pytest.mark.parametrize(
    ("at", "noted"),
    [
        ("2024-01-02", [("ordered_at", "holds no time of day", 2)]),
        ("20240102", [("ordered_at", "holds no time of day", 2)]),
        ("2024-01-02 00:00", []),
    ],
)
def test_dates_without_a_time_of_day_are_noted(
    shop: Shop, at: str, noted: list[tuple[str, str, int]]
) -> None:
    orders(shop, f"o1,c1,{at},5", f"o2,c1,{at[:-1]}3,5")
    found = shop.ask("select \"column\", reason, rows from ledger.value_notes where what = 'dates'")
    assert found == noted


class TestRepeatedHeaders:
    def test_in_another_order_the_file_stops(self, shop: Shop) -> None:
        said = refused(
            shop,
            "o1,c1,2024-07-01,20,4",
            "id,who,at,tax,sum",
            "o2,c2,2024-07-02,8,40",
            header="id,who,at,sum,tax",
        )
        assert "line 3" in said
        assert "columns in another order" in said

    def test_of_a_file_with_tabs_and_another_case(self, shop: Shop) -> None:
        shop.write("e.tsv", "Mail\tID\na@x.de\t7\nmail\tid\nb@x.de\t8\nid\tmail\n")
        columns = {"customer_id": "ID", "email": "Mail"}
        with pytest.raises(ExportError, match=r"line 5.*another order"):
            shop.load("e.tsv", "customers", columns=columns, delivered_at="2024-07-02")
        shop.write("e.tsv", "Mail\tID\na@x.de\t7\nmail\tid\nb@x.de\t8\n")
        shop.load("e.tsv", "customers", columns=columns, delivered_at="2024-07-02")
        assert shop.ask("select customer_id from raw.customers order by 1") == [("7",), ("8",)]
        assert shop.rejects() == [("e.tsv", 3, "customer_id", "customer_id repeats the header")]

    @pytest.mark.parametrize(
        "last",
        ["Total,2,,", "TOTAL: 2 customers,,,", "Итого,,,", "(2 rows),,,", "End of report,,,"],
    )
    def test_totals_and_notes_under_customers(self, shop: Shop, last: str) -> None:
        shop.write("c.csv", f"id,mail,land,born\n7,a@x.de,DE,\n8,b@x.de,DE,\n{last}\n")
        shop.load("c.csv", "customers", columns=CUSTOMERS)
        assert shop.ask("select customer_id from raw.customers order by 1") == [("7",), ("8",)]
        ((_, line, _, reason),) = shop.rejects()
        assert line == 4
        assert "not a row of its own" in reason

    def test_a_total_of_spending_with_a_day(self, shop: Shop) -> None:
        shop.write("s.csv", "day,net,cost\n2024-07-01,google,5\n2024-07-31,Total,5\n")
        shop.load("s.csv", "marketing_spend", columns=SPEND)
        assert shop.ask("select source, cost from raw.marketing_spend") == [
            ("google", Decimal("5.0000"))
        ]

    def test_ids_that_only_look_like_totals_stay(self, shop: Shop) -> None:
        orders(shop, "Total-17,sum-3,2024-07-01,20", "t2,Totally,2024-07-01,20")
        assert shop.values("order_id") == ["Total-17", "t2"]


class TestNumbers:
    @pytest.mark.parametrize(
        ("values", "options"),
        [
            (["1.234", "980", "12.500"], {}),
            (["1,234", "980"], {"decimal": ","}),
            (["-1,234"], {"decimal": ","}),
        ],
    )
    def test_what_can_be_read_in_two_ways_is_asked_for(
        self, shop: Shop, values: list[str], options: dict[str, Any]
    ) -> None:
        rows = [f'o{i},c1,2024-07-01,"{value}"' for i, value in enumerate(values)]
        said = refused(shop, *rows, **options)
        assert "can be read in two ways" in said
        assert "`thousands:" in said

    @pytest.mark.parametrize(
        ("value", "options", "is_read_as"),
        [
            ("1,234", {"thousands": ","}, "1234"),
            ("1,234,567.5", {"thousands": ","}, "1234567.5"),
            ("12,34,567", {"thousands": ","}, "1234567"),
            ("1.234", {"thousands": ".", "decimal": ","}, "1234"),
            ("1.234", {"thousands": ","}, "1.234"),
            ("1,234", {"thousands": ".", "decimal": ","}, "1.234"),
            ("1 234,5", {"decimal": ","}, "1234.5"),
            ("1\u00a0234.5", {}, "1234.5"),
            ("1'234.50", {}, "1234.5"),
            ("€ 1,234.50", {"thousands": ",", "number_style": "currency"}, "1234.5"),
            ("-$12.5", {"number_style": ["currency"]}, "-12.5"),
            ("12,50 EUR", {"decimal": ",", "number_style": ["currency"]}, "12.5"),
            ("(12.50)", {"number_style": ["parentheses"]}, "-12.5"),
            ("12.50-", {"number_style": ["trailing_minus"]}, "-12.5"),
            (
                "(€1,250.00)",
                {"thousands": ",", "number_style": ["parentheses", "currency"]},
                "-1250",
            ),
            ("12.5 %", {"number_style": ["percent"]}, "0.125"),
        ],
    )
    def test_what_settings_say(
        self, shop: Shop, value: str, options: dict[str, Any], is_read_as: str
    ) -> None:
        orders(shop, f'o1,c1,2024-07-01,"{value}"', **options)
        assert shop.values("amount") == [Decimal(is_read_as)]

    @pytest.mark.parametrize(
        ("value", "setting"),
        [
            ("1,234", "`thousands: ','` reads 1,234 as 1234, `decimal: ','` as 1.234"),
            ("1,234.50", "`thousands: ','` reads it"),
            ("$12", "`number_style: [currency]` reads it"),
            ("(12)", "`number_style: [parentheses]` reads it"),
            ("12-", "`number_style: [trailing_minus]` reads it"),
            ("12,5", "`decimal: ','` reads a decimal comma"),
        ],
    )
    def test_a_reject_names_the_setting_that_would_read_it(
        self, shop: Shop, value: str, setting: str
    ) -> None:
        orders(shop, f'o1,c1,2024-07-01,"{value}"', "o2,c1,2024-07-01,12.5")
        ((_, _, column, reason),) = shop.rejects()
        assert column == "amount"
        assert setting in reason

    def test_one_value_that_decides_decides_for_the_file(self, shop: Shop) -> None:
        orders(shop, 'o1,c1,2024-07-01,"1,234"', 'o2,c1,2024-07-01,"0,5"', decimal=",")
        assert shop.values("amount") == [Decimal("1.234"), Decimal("0.5")]

    def test_signs_of_several_currencies_stop(self, shop: Shop) -> None:
        said = refused(
            shop, "o1,c1,2024-07-01,$5", "o2,c1,2024-07-01,€5", number_style=["currency"]
        )
        assert "2 currencies ($, €)" in said

    def test_other_text_in_a_column_of_money_is_no_currency(self, shop: Shop) -> None:
        rows = ("o1,c1,2024-07-01,€5", "o2,c1,2024-07-01,Ann Lee", "o3,c1,2024-07-01,N/A")
        orders(shop, *rows, number_style=["currency"])
        assert shop.values("amount") == [5]
        assert [reason for *_, reason in shop.rejects()] == [
            "amount is not a number",
            "amount is empty",
        ]

    def test_text_in_parquet_is_asked_about_and_a_point_in_json_is_one(self, shop: Shop) -> None:
        row = """'o1' as id, 'c1' as who, '2024-07-01' as "at", '1.234' as sum"""
        shop.parquet("o.parquet", f"select {row}")
        with pytest.raises(ExportError, match="can be read in two ways"):
            shop.load("*.parquet")
        shop.write("o.jsonl", '{"id": "o1", "who": "c1", "at": "2024-07-01", "sum": 1.234}')
        shop.load("*.jsonl")
        assert shop.values("amount") == [Decimal("1.234")]

    def test_cents(self, shop: Shop) -> None:
        columns = {"order_id": "id", "customer_id": "who", "ordered_at": "at"}
        cents = {"amount": {"name": "sum", "unit": "cents"}}
        orders(shop, "o1,c1,2024-07-01,1999", columns=columns | cents)
        assert shop.values("amount") == [Decimal("19.99")]


class TestAmounts:
    ROWS = ("o1,c1,2024-07-01,30", "o1,c1,2024-07-01,30", "o2,c2,2024-07-01,9")

    def test_an_amount_that_all_lines_share_is_asked_about(self, shop: Shop) -> None:
        said = refused(shop, *self.ROWS, **LINES)
        assert "they come to 60.00: write `amount_is_per: line`" in said
        assert "to 30.00: write `amount_is_per: order`" in said

    @pytest.mark.parametrize("per", ["order", "line"])
    def test_what_is_told_is_loaded(self, shop: Shop, per: str) -> None:
        orders(shop, *self.ROWS, amount_is_per=per, **LINES)
        assert len(shop.orders()) == 3

    def test_amounts_that_are_quantity_times_price_say_it_themselves(self, shop: Shop) -> None:
        columns = {"quantity": "n", "unit_price": "price"} | {
            "order_id": "id",
            "customer_id": "who",
            "ordered_at": "at",
            "amount": "sum",
        }
        rows = ("o1,c1,2024-07-01,30,2,15", "o1,c1,2024-07-01,30,3,10")
        orders(shop, *rows, header="id,who,at,sum,n,price", columns=columns, **LINES)
        assert shop.values("amount") == [30, 30]

    def test_other_files_may_have_told(self, shop: Shop) -> None:
        shop.write("a.csv", "id,who,at,sum\no1,c1,2024-07-01,30\no1,c1,2024-07-01,20\n")
        shop.load("*.csv", **LINES)
        shop.write("b.csv", "id,who,at,sum\no2,c1,2024-07-02,30\no2,c1,2024-07-02,30\n")
        shop.load("*.csv", **LINES)
        assert len(shop.orders()) == 4


class TestPartsOfAnOrder:
    """Shipping, tax and discount that each line bears, though they are the order's."""

    ROWS = ("o1,c1,2024-07-01,30,5", "o1,c1,2024-07-01,20,5", "o2,c2,2024-07-01,9,4")
    HEADER = "id,who,at,sum,part"
    OF_LINES = ("o1,c1,2024-07-01,30,3", "o1,c1,2024-07-01,20,2", "o2,c2,2024-07-01,9,4")

    @pytest.mark.parametrize("part", ["shipping_amount", "tax_amount", "discount_amount"])
    def test_what_lines_of_different_amounts_share_is_asked_about(
        self, shop: Shop, part: str
    ) -> None:
        columns = COLUMNS | {part: "part"}
        said = refused(shop, *self.ROWS, header=self.HEADER, columns=columns, **LINES)
        assert f"exports.orders.columns.{part}: 1 of 1 orders" in said
        assert f"they come to 10.00: write `amount_is_per: {{{part}: line}}`" in said
        assert f"to 5.00: write `amount_is_per: {{{part}: order}}`" in said

    def test_what_is_told_of_the_amount_is_kept(self, shop: Shop) -> None:
        columns = COLUMNS | {"tax_amount": "part"}
        said = refused(
            shop, *self.ROWS, header=self.HEADER, columns=columns, amount_is_per="line", **LINES
        )
        assert "write `amount_is_per: {amount: line, tax_amount: order}`" in said

    @pytest.mark.parametrize("per", ["order", "line"])
    def test_what_is_told_is_loaded(self, shop: Shop, per: str) -> None:
        columns, told = COLUMNS | {"tax_amount": "part"}, {"amount": "line", "tax_amount": per}
        orders(shop, *self.ROWS, header=self.HEADER, columns=columns, amount_is_per=told, **LINES)
        assert shop.values("tax_amount") == [5, 5, 4]

    @pytest.mark.parametrize(
        "rows",
        [
            OF_LINES,
            ("o1,c1,2024-07-01,30,5", "o1,c1,2024-07-01,20,", "o2,c2,2024-07-01,9,4"),
            (
                "o1,c1,2024-07-01,30,5",
                "o1,c1,2024-07-01,30,5",
                "o2,c2,2024-07-01,8,2",
                *["o2,c2,2024-07-01,9,3"],
            ),
        ],
        ids=["they differ", "only the first line has it", "the amounts are the same"],
    )
    def test_parts_of_the_lines_are_not_asked_about(
        self, shop: Shop, rows: tuple[str, ...]
    ) -> None:
        columns = COLUMNS | {"tax_amount": "part"}
        orders(shop, *rows, header=self.HEADER, columns=columns, amount_is_per="line", **LINES)
        assert len(shop.orders()) == len(rows)

    def test_what_is_said_to_be_the_orders_and_differs_is_asked_about(self, shop: Shop) -> None:
        rows = [row.replace(",20,", ",30,") for row in self.OF_LINES]
        columns = COLUMNS | {"tax_amount": "part"}
        said = refused(
            shop, *rows, header=self.HEADER, columns=columns, amount_is_per="order", **LINES
        )
        assert "columns.tax_amount: it is said to be the order's, but differs" in said
        assert "`amount_is_per: {amount: order, tax_amount: line}`" in said

    def test_a_discount_that_amounts_are_computed_of(self, shop: Shop) -> None:
        columns = {k: v for k, v in COLUMNS.items() if k != "amount"} | {"discount_amount": "part"}
        columns |= {"unit_price": "sum", "quantity": "n"}
        rows = [f"{row},1" for row in self.ROWS]
        said = refused(shop, *rows, header=f"{self.HEADER},n", columns=columns, **LINES)
        assert "map `amount:` with each line's share of it taken off" in said
        share = "n * sum - part * n * sum / sum(n * sum) over (partition by id)"
        columns |= {"amount": {"sql": share.replace("sum(n * sum)", 'sum(n * "sum")')}}
        told = {"discount_amount": "order"}
        orders(shop, *rows, header=f"{self.HEADER},n", columns=columns, amount_is_per=told, **LINES)
        assert shop.values("amount") == [27, 18, 5]


class TestBlankBelowTheFirstLine:
    ROWS = ("o1,c1,2024-07-01 10:00,30", "o1,,,", "o2,c2,2024-07-02 11:00,5", "o1,,,", ",,,7")

    def test_time_and_amount_of_the_order_are_those_above(self, shop: Shop) -> None:
        orders(shop, *self.ROWS, amount_is_per="order", **LINES)
        at10, at11 = at(2024, 7, 1, 10), at(2024, 7, 2, 11)
        assert shop.orders("order_id, ordered_at, amount") == [
            ("o1", at10, 30),
            ("o1", at10, 30),
            ("o2", at11, 5),
            ("o1", at10, 30),
        ]
        assert [reason for *_, reason in shop.rejects()] == ["ordered_at is empty"]

    def test_an_amount_of_the_line_is_its_own(self, shop: Shop) -> None:
        orders(shop, *self.ROWS, amount_is_per="line", **LINES)
        assert shop.orders("order_id, amount") == [("o1", 30), ("o2", 5)]

    def test_in_parquet_and_with_a_computed_time(self, shop: Shop) -> None:
        shop.parquet(
            "o.parquet",
            "select * from (values ('o1', 'c1', 1719828000, 2.5), ('o1', null, null, 4),"
            " ('o2', 'c2', 1719831600, 1)) as t(id, who, moment, sum)",
        )
        columns = COLUMNS | {"ordered_at": {"sql": "to_timestamp(moment)"}}
        shop.load("o.parquet", columns=columns, amount_is_per="line", **LINES)
        assert shop.orders("order_id, ordered_at, amount") == [
            ("o1", at(2024, 7, 1, 10), Decimal("2.5")),
            ("o1", at(2024, 7, 1, 10), 4),
            ("o2", at(2024, 7, 1, 11), 1),
        ]


class TestIdsThatASpreadsheetCut:
    """It keeps fifteen digits of a number and writes zeros for the others."""

    def rows(self, ids: list[str]) -> list[str]:
        return [f"o{n},{who},2024-07-01,10" for n, who in enumerate(ids)]

    def test_the_file_stops(self, shop: Shop) -> None:
        said = refused(shop, *self.rows(CUT))
        assert "exports.orders.columns.customer_id: 30 of 30 ids with more than 15 digits" in said
        assert "a spreadsheet has cut them" in said
        assert CUT[0] not in said

    @pytest.mark.parametrize("kind", ["varchar", "bigint", "double", "decimal(38, 0)"])
    def test_in_parquet_of_whatever_type(self, shop: Shop, kind: str) -> None:
        listed = ", ".join(f"cast({who} as {kind})" for who in CUT)
        shop.parquet(
            "o.parquet",
            "select 'o1' as id, unnest([" + listed + "]) as who, '2024-07-01' as \"at\", 5 as sum",
        )
        with pytest.raises(ExportError, match="a spreadsheet has cut them"):
            shop.load("o.parquet")

    def test_in_json_and_of_another_export(self, shop: Shop) -> None:
        lines = [f'{{"who": {who[:-1]}00, "on": "2024-07-01"}}' for who in CUT]
        shop.write("c.jsonl", "\n".join(lines))
        columns = {"customer_id": "who", "signed_up_at": "on"}
        with pytest.raises(ExportError, match=r"columns\.customer_id: 30 of 30 ids"):
            shop.load("c.jsonl", export="customers", columns=columns)

    @pytest.mark.parametrize(
        "ids",
        [WHOLE, CUT[:19], [*CUT[:19], *WHOLE[1:9]], [who[:-1] for who in CUT], ["c" + CUT[0]] * 30],
        ids=["whole", "few", "among others", "short", "with letters"],
    )
    def test_ids_that_end_in_zeros_by_chance_stay(self, shop: Shop, ids: list[str]) -> None:
        orders(shop, *self.rows(ids))
        assert shop.values("customer_id") == ids

    def test_files_too_small_to_tell_are_looked_at_together(self, shop: Shop) -> None:
        shop.write("a.csv", "id,who,at,sum\n" + "\n".join(self.rows(CUT[:15])) + "\n")
        shop.load("*.csv")
        shop.write("b.csv", "id,who,at,sum\n" + "\n".join(self.rows(CUT[15:])) + "\n")
        with pytest.raises(ExportError, match=r"b\.csv: .* 30 of 30 ids"):
            shop.load("*.csv")

    def test_ids_that_are_so_are_let_through(self, shop: Shop) -> None:
        columns = COLUMNS | {"customer_id": {"sql": "who"}}
        orders(shop, *self.rows(CUT), columns=columns)
        assert shop.values("customer_id") == CUT


class TestIds:
    @pytest.mark.parametrize(
        "value", ["1E+11", "1.5E+11", '"1,5E+11"', "4.47701E11", "1e+5", "9007199254740993.0"]
    )
    def test_what_lost_its_digits_is_rejected(self, shop: Shop, value: str) -> None:
        orders(shop, f"o1,{value},2024-07-01,10", "o2,c2,2024-07-01,10")
        assert shop.values("customer_id") == ["c2"]
        ((_, _, column, reason),) = shop.rejects()
        assert (column, "is not an id" in reason) == ("customer_id", True)

    @pytest.mark.parametrize("value", ["12E45A", "e5", "4e1", "1.5", "E+11"])
    def test_ids_that_only_look_like_numbers_stay(self, shop: Shop, value: str) -> None:
        orders(shop, f"o1,{value},2024-07-01,10")
        assert shop.values("customer_id") == [value]

    @pytest.mark.parametrize(
        "value",
        ["\u200bc1", "c1\u00a0", '"c1\t"', '"c1\r"', "c\u200d1", "\ufeffc1", "c\u00ad1", '=""c1""'],
    )
    def test_what_nobody_sees_is_taken_off_and_counted(self, shop: Shop, value: str) -> None:
        value = f'"{value}"' if value.startswith("=") else value
        orders(shop, f"o1,{value},2024-07-01,10", "o2,c1,2024-07-01,10")
        assert shop.values("customer_id") == ["c1", "c1"]
        assert notes(shop) == [("customer_id", "cleaned", "held characters that nobody sees", 1, 2)]

    def test_in_json_as_in_csv(self, shop: Shop) -> None:
        lines = [
            '{"id": "o1", "who": "\\u200bc1", "at": "2024-07-01", "sum": 1}',
            '{"id": "o2", "who": "1.5E+11", "at": "2024-07-01", "sum": 1}',
            '{"id": "o3", "who": "\\tc1", "at": "2024-07-01", "sum": 1}',
        ]
        shop.write("o.json", "\n".join(lines))
        shop.load("o.json")
        assert shop.values("customer_id") == ["c1", "c1"]
        assert "is not an id" in shop.rejects()[0][3]

    def test_floats_of_parquet(self, shop: Shop) -> None:
        rows = "(16777218::float, 4.0::double), (7, 1.5), (8, 2.0 ** 60), (null, 3)"
        named = f"(values {rows}) as t (id, who)"
        query = f"""select id::float as id, who, '2024-07-01' as "at", 1 as sum from {named}"""
        shop.parquet("o.parquet", query)
        shop.load("*.parquet")
        assert shop.orders("customer_id, order_id") == [("3", None)]
        assert [reason for *_, reason in shop.rejects()] == [
            "order_id is not an id: a float has rounded its digits",
            "customer_id is not an id: a float has rounded its digits",
            "customer_id is not an id: a float has rounded its digits",
        ]

    def test_an_object_in_parquet_is_no_id(self, shop: Shop) -> None:
        who = "{'id': 7, 'mail': 'x'} as who"
        shop.parquet("o.parquet", f"""select 'o1' as id, {who}, '2024-07-01' as "at", 1 as sum""")
        with pytest.raises(ExportError, match=r"customer_id: who.id` \(it has id, mail\)"):
            shop.load("*.parquet")
        path = {"order_id": "id", "customer_id": "who.id", "ordered_at": "at", "amount": "sum"}
        shop.load("*.parquet", columns=path)
        assert shop.values("customer_id") == ["7"]

    def test_a_list_has_no_field_to_name(self, shop: Shop) -> None:
        shop.write("o.jsonl", '{"id": "o1", "who": [7], "at": "2024-07-01", "sum": 1}')
        with pytest.raises(ExportError, match="take one of its items with `sql:`"):
            shop.load("*.jsonl")

    def test_an_object_in_json_is_no_id(self, shop: Shop) -> None:
        line = '{"id": "o1", "who": {"id": {"n": 7}, "mail": "x@y"}, "at": "2024-07-01", "sum": 1}'
        shop.write("o.jsonl", line + "\n" + line)
        with pytest.raises(ExportError, match="name its field") as error:
            shop.load("*.jsonl")
        assert "x@y" not in str(error.value)
        path = {"order_id": "id", "customer_id": "who.id.n", "ordered_at": "at", "amount": "sum"}
        shop.load("*.jsonl", columns=path)
        assert shop.values("customer_id") == ["7", "7"]

    def test_phones(self, shop: Shop) -> None:
        shop.write("c.csv", 'id,mail,phone\n1,a@x.de,4.47701E+11\n2,b@x.de,="07700 900123"\n')
        columns = {"customer_id": "id", "email": "mail", "phone": "phone"}
        shop.load("c.csv", "customers", columns=columns)
        assert shop.ask("select phone from raw.customers order by customer_id") == [
            (None,),
            ("07700 900123",),
        ]
        assert (
            "phone",
            "emptied",
            "is not an id: a spreadsheet has cut its digits",
            1,
            2,
        ) in notes(shop)


class TestTimes:
    @pytest.mark.parametrize(
        ("value", "hour"),
        [
            ("2024-07-01 10:00:00 EDT", 14),
            ("2024-07-01 10:00 CEST", 8),
            ("2024-07-01T10:00Z", 10),
            ("2024-07-01T10:00+02:00", 8),
            ("2024-07-01 10:00:00 GMT+0200", 8),
            ("2024-07-01 10:00:00 +02", 8),
            ("2024-07-01 10:00:00 +0200 (CEST)", 8),
            ("2024-07-01 10:00:00 Asia/Tokyo", 1),
            ("2024-07-01 10:00", 9),
            ("20240701T100000Z", 10),
            ("20240701100000", 9),
            ("1719828000", 10),
            ("1719828000000", 10),
            ("1719828000000000", 10),
            ("1719828000.0", 10),
        ],
    )
    def test_what_a_value_says_wins(self, shop: Shop, value: str, hour: int) -> None:
        orders(shop, f"o1,c1,{value},10", time_zone="Europe/London")
        assert shop.values("ordered_at") == [at(2024, 7, 1, hour)]

    def test_a_day_of_eight_digits(self, shop: Shop) -> None:
        orders(shop, "o1,c1,20240701,10", time_zone="Europe/Berlin")
        assert shop.values("ordered_at") == [at(2024, 6, 30, 22)]

    @pytest.mark.parametrize("value", ["2024-07-01 10:00:00 BST", "2024-07-01 10:00 IST"])
    def test_an_abbreviation_of_several_meanings_is_asked_for(self, shop: Shop, value: str) -> None:
        orders(shop, f"o1,c1,{value},10", time_zone="Europe/London")
        assert "`zone_names:`" in shop.rejects()[0][3]
        names = {"BST": "Europe/London", "IST": "+05:30"}
        orders(shop, f"o1,c1,{value},10", time_zone="Europe/London", zone_names=names)
        hour = (9, 0) if "BST" in value else (4, 30)
        assert shop.values("ordered_at") == [at(2024, 7, 1, *hour)]

    @pytest.mark.parametrize(
        ("value", "form", "hour"),
        [
            ("01.07.2024 10:00 CEST", "%d.%m.%Y %H:%M %Z", 8),
            ("Mon Jul 1 10:00:00 EDT 2024", "%a %b %d %H:%M:%S %Z %Y", 14),
            ("01.07.2024 10:00 +0200", "%d.%m.%Y %H:%M %z", 8),
            ("01.07.2024 10:00 Europe/Athens", "%d.%m.%Y %H:%M %Z", 7),
        ],
    )
    def test_a_format_with_a_zone(self, shop: Shop, value: str, form: str, hour: int) -> None:
        orders(shop, f"o1,c1,{value},10", timestamp_format=form, time_zone="Europe/London")
        assert shop.values("ordered_at") == [at(2024, 7, 1, hour)]
        orders(
            shop,
            f"o1,c1,{value.replace('CEST', 'BST')},10",
            timestamp_format=form,
            time_zone="UTC",
        )
        assert (shop.rejects() == []) is ("CEST" not in value)

    @pytest.mark.parametrize(
        ("unit", "value"),
        [("seconds", 86400), ("milliseconds", 86400_000), ("microseconds", 86400_000_000)],
    )
    def test_a_unit_that_is_told(self, shop: Shop, unit: str, value: int) -> None:
        columns = {"order_id": "id", "customer_id": "who", "amount": "sum"}
        at_unit = {"ordered_at": {"name": "at", "unit": unit}}
        orders(shop, f"o1,c1,{value},10", columns=columns | at_unit, time_zone="Asia/Tokyo")
        assert shop.values("ordered_at") == [at(1970, 1, 2)]

    @pytest.mark.parametrize(
        "sql",
        [
            'epoch_ms("at")',
            'make_timestamp("at" * 1000)',
            "timestamp 'epoch' + to_milliseconds(\"at\")",
        ],
    )
    def test_an_epoch_made_with_sql_is_utc(self, shop: Shop, sql: str) -> None:
        columns = {"order_id": "id", "customer_id": "who", "amount": "sum"}
        orders(
            shop,
            "o1,c1,1719828000000,10",
            columns=columns | {"ordered_at": {"sql": sql}},
            time_zone="Europe/Berlin",
        )
        assert shop.values("ordered_at") == [at(2024, 7, 1, 10)]

    def test_int96_is_utc_and_counts_of_parquet_are_found(self, shop: Shop) -> None:
        shutil.copy(DATA_SETS / "parquet/int96.parquet", shop.folder)
        columns = {"order_id": "id", "customer_id": "who", "ordered_at": "at", "amount": "sum"}
        shop.load(
            "*.parquet",
            columns=columns | {"updated_at": "changed"},
            time_zone="Europe/Berlin",
            delivered_at="2024-07-02",
        )
        moment = at(2024, 7, 1, 10)
        assert shop.orders("ordered_at, updated_at") == [(moment, moment)]


class TestFormats:
    def test_rows_above_the_header(self, shop: Shop) -> None:
        above = "Report;;;\n\nJuly;;;\n"
        shop.write("o.csv", above + "id;who;at;sum\no1;c1;2024-07-01;10\n")
        with pytest.raises(ExportError, match="`skip_rows: 3`"):
            shop.load()
        shop.load(skip_rows=3)
        assert shop.values("order_id") == ["o1"]

    def test_comments(self, shop: Shop) -> None:
        text = "% made by hand\nid,who,at,sum\no1,c1,2024-07-01,10\n% half\no2,c2,2024-07-01,9\n"
        shop.write("o.csv", text)
        with pytest.raises(ExportError, match="`comment: '%'`"):
            shop.load()
        shop.load(comment="%")
        assert shop.values("order_id") == ["o1", "o2"]

    @pytest.mark.parametrize("said", ["sep=;", '"sep=;"', "SEP=;", '"Sep=;"'])
    def test_what_excel_says_of_separators(self, shop: Shop, said: str) -> None:
        shop.write("o.csv", f"{said}\nid;who;at;sum\no1;c1;2024-07-01;10\n")
        shop.load()
        assert shop.values("order_id") == ["o1"]

    def test_a_wrapper_of_json_is_named(self, shop: Shop) -> None:
        row = '{"id": "o1", "who": "c1", "at": "2024-07-01", "sum": 1}'
        shop.write("o.json", f'{{"data": {{"orders": [{row}, {row}]}}, "next": null}}')
        with pytest.raises(ExportError) as error:
            shop.load("o.json")
        query = str(error.value).split("`select: ")[1].split("`")[0]
        shop.load("o.json", select=query)
        assert shop.values("order_id") == ["o1", "o1"]

    def test_gzip_with_zeros_behind_and_tar(self, shop: Shop) -> None:
        text = b"id,who,at,sum\no1,c1,2024-07-01,10\n"
        shop.write("o.csv", gzip.compress(text) + bytes(512))
        shop.load()
        assert shop.values("order_id") == ["o1"]
        shop.write("o.csv", gzip.compress(gzip.compress(text)))
        with pytest.raises(ExportError, match="gzip within gzip"):
            shop.load()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            info = tarfile.TarInfo("o.csv")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
        shop.write("o.csv", packed.getvalue())
        with pytest.raises(ExportError, match="tar archive"):
            shop.load()

    def test_parquet_columns_of_one_name(self, shop: Shop) -> None:
        shutil.copy(DATA_SETS / "parquet/same_names.parquet", shop.folder)
        with pytest.raises(ExportError, match="mapped as sum_1 or Sum_2"):
            shop.load("*.parquet")
        mapped = {"order_id": "id", "customer_id": "who", "ordered_at": "at", "amount": "Sum_2"}
        shop.load("*.parquet", columns=mapped)
        assert shop.orders("customer_id, amount") == [("zoë", 2)]

    @pytest.mark.parametrize("word", ["NULL", r"\N", "N/A", "(null)", "0000-00-00", "#N/A", "-"])
    def test_words_for_nothing_in_optional_columns(self, shop: Shop, word: str) -> None:
        shop.write("c.csv", f"id,mail,land,born\n7,a@x.de,DE,{word}\n")
        shop.load("c.csv", "customers", columns=CUSTOMERS)
        assert shop.ask("select birth_date from raw.customers") == [(None,)]
        assert notes(shop) == []

    def test_further_words_for_nothing(self, shop: Shop) -> None:
        shop.write("c.csv", "id,mail,land,born\n7,a@x.de,keine,keine\n")
        shop.load("c.csv", "customers", columns=CUSTOMERS, null_words=["keine"])
        assert shop.ask("select country, birth_date from raw.customers") == [(None, None)]
        assert notes(shop) == []

    def test_an_optional_column_rejects_no_row(self, shop: Shop) -> None:
        shop.write("c.csv", "id,mail,land,born\n7,a@x.de,DE,soon\n8,b@x.de,DE,0001-01-01\n")
        shop.load("c.csv", "customers", columns=CUSTOMERS)
        assert shop.ask("select birth_date from raw.customers") == [(None,), (None,)]
        assert sorted(notes(shop)) == [
            ("birth_date", "emptied", "is before 1900", 1, 3),
            ("birth_date", "emptied", "is not a date", 1, 2),
        ]

    def test_what_a_used_default_is_computed_from_is_not_optional(self, shop: Shop) -> None:
        columns = {"order_id": "id", "customer_id": "who", "ordered_at": "at"} | {
            "quantity": "n",
            "unit_price": "price",
            "discount_amount": "off",
        }
        rows = ("o1,c1,2024-07-01,2,5,x", "o2,c1,2024-07-01,2,5,1")
        orders(shop, *rows, header="id,who,at,n,price,off", columns=columns)
        assert shop.values("amount") == [9]
        assert [column for _, _, column, _ in shop.rejects()] == ["discount_amount"]

    def test_names_of_files(self, shop: Shop) -> None:
        for name in ("o[1].csv", "o1.csv", "p.CSV"):
            shop.write(name, f"id,who,at,sum\n{name},c1,2024-07-01,10\n")
        shop.load("o[1].csv")
        assert shop.values("order_id") == ["o[1].csv"]
        shop.load("*.csv")
        assert sorted(shop.values("order_id")) == ["o1.csv", "o[1].csv", "p.CSV"]


class TestFilesThatBreakOff:
    HEAD = "id,who,at,sum\no1,c1,2024-07-01,30\n"

    @pytest.mark.parametrize("rest", ["o2,c2,2024-0", "o2,c2", "o2,c2,2024-07-01"])
    def test_within_a_row(self, shop: Shop, rest: str) -> None:
        shop.write("o.csv", self.HEAD + rest)
        with pytest.raises(ExportError, match=r"line 3: the file breaks off within this row"):
            shop.load()

    def test_in_the_middle_of_a_packed_file_of_windows(self, shop: Shop) -> None:
        text = "\r\n".join([*self.HEAD.split(), "7;8"]).replace(",", ";")
        shop.write("o.csv", gzip.compress(text.encode()))
        with pytest.raises(ExportError, match="has 2 of 4 columns and no end"):
            shop.load()

    @pytest.mark.parametrize("rest", ["Total,30", "o2,c2,2024-0\n", "", "(1 rows)"])
    def test_a_note_or_a_short_row_within_is_a_row(self, shop: Shop, rest: str) -> None:
        shop.write("o.csv", self.HEAD + rest)
        shop.load()
        assert shop.values("order_id") == ["o1"]
        assert len(shop.rejects()) == bool(rest)


class TestDeliveryDays:
    @pytest.mark.parametrize(
        ("names", "day"),
        [
            (["orders_2024-03-05.csv"], dt.date(2024, 3, 5)),
            (["shop7_20240305.csv"], None),
            (["shop7_20240305.csv", "shop7_20240306.csv"], dt.date(2024, 3, 5)),
            (["shop7_20240305.csv", "shop8_20240306.csv"], None),
            (["a_20240301_20240305.csv"], dt.date(2024, 3, 5)),
            (["part 20240305 of 3.csv", "part 20240305 of 4.csv"], None),
        ],
    )
    def test_a_date_in_a_name_is_one_by_its_pattern(
        self, names: list[str], day: dt.date | None
    ) -> None:
        assert delivery_date(names[0], names) == day

    def test_what_a_name_told_it_goes_on_telling(self, shop: Shop) -> None:
        first, second = "shop7_20240305.csv", "shop7_20240306.csv"
        for name in (first, second):
            shop.write(name, f"id,who,at,sum\n{name},c1,2024-03-01,10\n")
        shop.load()
        (shop.folder / second).unlink()
        shop.write(first, "id,who,at,sum\nnew,c1,2024-03-01,10\n")
        shop.load()
        told = shop.ask("select delivered_at from ledger.files where file = ?", first)
        assert told == [(dt.date(2024, 3, 5),)]


class TestHashedIds:
    def test_an_address_is_one_customer_in_every_export(self, shop: Shop) -> None:
        who = {"customer_id": {"name": "mail", "hash": True}}
        shop.write("o.csv", "id,mail,at,sum\n1,A@x.de,2024-07-01,5\n2,a@x.de ,2024-07-02,6\n")
        shop.load("o.csv", columns={"order_id": "id", "ordered_at": "at", "amount": "sum"} | who)
        shop.write("c.csv", "mail\na@x.de\n")
        shop.load("c.csv", "customers", columns=who | {"email": "mail"})
        ((first, second), (profile,)) = (
            shop.values("customer_id"),
            shop.ask("select customer_id from raw.customers")[0],
        )
        assert first == second == profile == hashlib.md5(b"a@x.de").hexdigest()

    def test_nobody_stays_nobody(self, shop: Shop) -> None:
        who = {"name": "who", "hash": True}
        orders(
            shop,
            "o1,Guest,2024-07-01,20",
            "o2,,2024-07-01,20",
            columns={"order_id": "id", "customer_id": who, "ordered_at": "at", "amount": "sum"},
        )
        assert shop.values("customer_id") == ["Guest", None]


class TestFilesWithoutHeader:
    def test_their_columns_are_named(self, shop: Shop) -> None:
        shop.write("o.csv", "o1,c1,2024-07-01,20\no2,c1,2024-07-02\no3,c2,2024-07-03,22\n")
        shop.load("o.csv", header=["id", "who", "at", "sum"])
        assert shop.orders("_line, order_id") == [(1, "o1"), (3, "o3")]
        assert [line for _, line, *_ in shop.rejects()] == [2]

    def test_each_has_to_be(self, shop: Shop) -> None:
        shop.write("o.csv", "o1,c1,2024-07-01,20\n")
        with pytest.raises(ExportError, match=r"names 3 columns, and the first line has 4"):
            shop.load("o.csv", header=["id", "who", "at"])


class TestJoinedFiles:
    SELECT = 'select lines.*, who, o."at" from {file} as lines join {orders} as o using (id)'

    def test_a_change_of_one_is_a_change_of_all(self, shop: Shop) -> None:
        shop.write("l.csv", "id,sum\n1,5\n2,6\n")
        shop.write("h.csv", "id;who;at\n1;c1;2024-07-01\n2;c2;2024-07-02\n")
        told = {"select": self.SELECT, "joined": {"orders": "h.csv"}}
        assert shop.load("l.csv", **told).files_read == 1
        assert shop.orders("order_id, customer_id") == [("1", "c1"), ("2", "c2")]
        assert shop.load("l.csv", **told).files_read == 0
        shop.write("h.csv", "id;who;at\n1;c1;2024-07-01\n2;c3;2024-07-02\n")
        assert shop.load("l.csv", **told).files_read == 1
        assert shop.values("customer_id") == ["c1", "c3"]

    def test_one_that_is_not_there_is_named(self, shop: Shop) -> None:
        shop.write("l.csv", "id,sum\n1,5\n")
        with pytest.raises(ExportError, match=r"joined.orders: .*h.csv is no file"):
            shop.load("l.csv", select=self.SELECT, joined={"orders": "h.csv"})


def test_a_number_with_blanks_among_its_rows_is_one_in_conditions(shop: Shop) -> None:
    orders(shop, "o1,c1,2024-07-01,20.50", "o2,c1,2024-07-01,", where="sum > 1.5")
    assert shop.values("order_id") == ["o1"]


def test_one_sign_is_one_currency(shop: Shop) -> None:
    orders(shop, "o1,c1,2024-07-01,$20", "o2,c1,2024-07-01,$21", number_style="currency")
    assert shop.values("amount") == [20, 21]


class TestSqlOfAnExport:
    ROW = "o1,c1,2024-07-01,30"

    @pytest.mark.parametrize(
        "sql",
        [
            "(select content from read_text('/etc/hostname'))",
            "(select count(*) from raw.orders)",
            "(select max(sha256) from ledger.files)",
            "(from '/etc/hostname')",
            "exists(from glob('/*'))",
            "sum) from read_csv('/etc/hostname') --",
            "sum from read_csv('/etc/hostname'); select (1",
            "(select 1 from duckdb_settings())",
            "(with f as (from read_blob('/etc/hostname')) select max(size) from f)",
            "(select max(x) from query('from raw.orders') as t(x))",
            "(select count(*) from (show tables))",
        ],
    )
    def test_reads_nothing_but_its_row(self, shop: Shop, sql: str) -> None:
        for options in ({"columns": COLUMNS | {"amount": {"sql": sql}}}, {"where": f"{sql} > 0"}):
            shop.write("o.csv", f"id,who,at,sum\n{self.ROW}\n")
            with pytest.raises(ExportError, match=r"columns\.amount\.sql|where"):
                shop.load(delivered_at="2024-12-31", **options)

    @pytest.mark.parametrize(
        "select",
        [
            "select * from {file}, read_text('/etc/hostname')",
            "from {file} where id in (select order_id from raw.orders)",
            "copy (from {file}) to 'stolen.csv'",
            "from '/etc/hostname'",
            "from {file}; drop table raw.orders",
        ],
    )
    def test_a_query_reads_its_file_only(self, shop: Shop, select: str) -> None:
        with pytest.raises(ExportError, match="select: "):
            orders(shop, self.ROW, select=select)

    def test_fetches_no_extension(self, shop: Shop) -> None:
        columns = COLUMNS | {"amount": {"sql": "st_x(st_point(1, 2))"}}
        with pytest.raises(ExportError, match=r"columns\.amount\.sql"):
            orders(shop, self.ROW, columns=columns)
        assert shop.ask("select current_setting('autoinstall_known_extensions')") == [(False,)]

    def test_what_it_makes_of_its_row_and_file(self, shop: Shop) -> None:
        select = "with f as (from {file}) select f.*, n from f, range(2) as r(n) where n = 0"
        columns = COLUMNS | {"amount": {"sql": "(select max(x) from unnest([sum, 7]) as t(x))"}}
        orders(shop, self.ROW, select=select, columns=columns)
        assert shop.values("amount") == [30]
