"""The loader on real files and a real DuckDB: every format, every option, every re-delivery."""

import codecs
import datetime as dt
import gzip
import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from dagster_project.exports.contract import load_contract
from dagster_project.exports.errors import ExportError
from dagster_project.exports.formats.names import unique_names
from dagster_project.exports.loading.base_currency import base_currency
from dagster_project.exports.loading.loader import prepare
from dagster_project.exports.mapping.zones import clock_changes

from ..support.loading import COLUMNS, Shop, at

HEADER = "id,who,at,sum\n"
ROWS = "o1,c1,2024-01-05 10:00:00,1.50\no2,c2,2024-01-06 11:30:00,20\n"


FIRST = (2, "o1", "c1", at(2024, 1, 5, 10), Decimal("1.5000"))
SECOND = (3, "o2", "c2", at(2024, 1, 6, 11, 30), Decimal("20.0000"))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.con.close()


# ---------------------------------------------------------------- formats

OBJECTS = [
    {"id": "o1", "who": "c1", "at": "2024-01-05 10:00:00", "sum": 1.5},
    {"id": "o2", "who": "c2", "at": "2024-01-06 11:30:00", "sum": 20},
]
LINES = "".join(json.dumps(each) + "\n" for each in OBJECTS)
CSV = HEADER + ROWS
TEXT_FILES: dict[str, tuple[str, str | bytes]] = {
    "comma": ("a.csv", CSV),
    "semicolon": ("a.csv", CSV.replace(",", ";")),
    "tab": ("a.tsv", CSV.replace(",", "\t")),
    "pipe": ("a.txt", CSV.replace(",", "|")),
    "sep hint": ("a.csv", "sep=;\n" + CSV.replace(",", ";")),
    "all quoted": ("a.csv", '"' + CSV[:-1].replace(",", '","').replace("\n", '"\n"') + '"\n'),
    "some quoted": ("a.csv", CSV.replace("o1", '"o1"').replace("who", '"who"')),
    "byte order mark": ("a.csv", b"\xef\xbb\xbf" + CSV.encode()),
    "CRLF": ("a.csv", CSV.replace("\n", "\r\n")),
    "CR": ("a.csv", CSV.replace("\n", "\r")),
    "mixed line ends": ("a.csv", CSV.replace("\n", "\r\n", 1)),
    "no last line end": ("a.csv", CSV.rstrip("\n")),
    "blank lines": ("a.csv", "\n\n" + HEADER + "\n" + ROWS + "\n\n"),
    "spaces in the header": ("a.csv", CSV.replace("id,who", " id , who ")),
    "spaces around values": ("a.csv", CSV.replace("o1,c1", " o1 ,c1 ")),
    "names in another case": ("a.csv", CSV.replace("who", "WHO")),
    "gzip": ("a.csv.gz", gzip.compress(CSV.encode())),
    "gzip in two parts": (
        "a.csv.gz",
        gzip.compress(HEADER.encode()) + gzip.compress(ROWS.encode()),
    ),
    "gzip by content": ("a.csv", gzip.compress(CSV.encode())),
    "zst": ("a.csv.zst", zstd.compress(CSV.encode())),
    "zst in two parts": ("a.zst", zstd.compress(HEADER.encode()) + zstd.compress(ROWS.encode())),
    "UTF-16": ("a.csv", CSV.encode("utf-16")),
    "UTF-16, big end first": ("a.csv", codecs.BOM_UTF16_BE + CSV.encode("utf-16-be")),
    "UTF-32": ("a.csv", CSV.encode("utf-32")),
    "UTF-16, gzip": ("a.csv.gz", gzip.compress(CSV.encode("utf-16"))),
    "plain in spite of its name": ("a.csv.gz", CSV),
}
JSON_FILES: dict[str, tuple[str, str | bytes]] = {
    "lines": ("a.jsonl", LINES),
    "lines, CRLF": ("a.jsonl", LINES.replace("\n", "\r\n")),
    "lines, blank ones": ("a.jsonl", "\n" + LINES.replace("\n", "\n\n  \n")),
    "lines, byte order mark": ("a.jsonl", b"\xef\xbb\xbf" + LINES.encode()),
    "lines, gzip": ("a.jsonl.gz", gzip.compress(LINES.encode())),
    "lines, zst": ("a.jsonl.zst", zstd.compress(LINES.encode())),
    "lines, UTF-16": ("a.jsonl", LINES.encode("utf-16")),
    "lines named json": ("a.json", LINES),
    "array": ("a.json", json.dumps(OBJECTS)),
    "array over lines": ("a.json", json.dumps(OBJECTS, indent=1)),
    "array, byte order mark": ("a.json", b"\xef\xbb\xbf" + json.dumps(OBJECTS).encode()),
    "objects over lines": ("a.json", "\n".join(json.dumps(each, indent=1) for each in OBJECTS)),
}


@pytest.mark.parametrize("kind", TEXT_FILES)
def test_csv_however_it_is_written(shop: Shop, kind: str) -> None:
    name, content = TEXT_FILES[kind]
    shop.write(name, content)
    loaded = shop.load(name)
    assert (loaded.rows, loaded.rejected, loaded.files_read) == (2, 0, 1)
    assert shop.orders() == [FIRST, SECOND]


@pytest.mark.parametrize("kind", JSON_FILES)
def test_json_however_it_is_written(shop: Shop, kind: str) -> None:
    name, content = JSON_FILES[kind]
    shop.write(name, content)
    assert shop.load(name).rows == 2
    assert shop.orders() == [(1, *FIRST[1:]), (2, *SECOND[1:])]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp850", "utf-16-le", "UTF-8"])
def test_the_encoding_given_is_used_where_no_mark_says_otherwise(shop: Shop, encoding: str) -> None:
    text = CSV.replace("c1", "c\xe91").replace("who", "w\xe9")
    shop.write("a.csv", text.encode(encoding))
    shop.write("b.csv", text.encode("utf-16"))
    shop.write("c.csv", text.encode("utf-8-sig"))
    shop.write("d.jsonl", LINES.replace("c1", "c\xe91").replace("who", "w\xe9").encode(encoding))
    shop.parquet(
        "e.parquet", "select 'o' as id, 'c\xe91' as w\xe9, date '2024-01-05' as at, 1 as sum"
    )
    columns = COLUMNS | {"customer_id": "w\xe9", "country": "land"}
    shop.write("f.csv", "id,w\xe9,at,sum,land\n".encode(encoding))
    loaded = shop.load(["*.csv", "*.jsonl", "*.parquet"], encoding=encoding, columns=columns)
    assert (loaded.rows, loaded.rejected) == (9, 0)
    assert set(shop.values("customer_id")) == {"c\xe91", "c2"}


def test_lines_are_counted_in_a_file_of_another_encoding(shop: Shop) -> None:
    shop.write("a.csv", (CSV + "o\xe9,c9\n" + CSV).encode("cp1252"))
    shop.load(encoding="cp1252")
    assert [line for _, line, *_ in shop.rejects()] == [4, 5]
    assert shop.ask("select raw_line from ledger.rejects where _line = 4") == [("o\xe9,c9",)]


def test_parquet_by_content_whatever_its_name(shop: Shop) -> None:
    shop.parquet(
        "a.csv",
        "select * from (values ('o1', 'c1', timestamp '2024-01-05 10:00', 1.5),"
        " ('o2', 'c2', timestamp '2024-01-06 11:30', 20.0)) as t(id, who, \"at\", sum)",
    )
    shop.load()
    assert shop.orders() == [(1, *FIRST[1:]), (2, *SECOND[1:])]


def test_equal_rows_have_equal_content_in_every_format(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    shop.write("b.csv", CSV.replace(",", ";").replace("1.50", '"1.5"'))
    shop.write("c.jsonl", LINES)
    shop.write("d.json", json.dumps(OBJECTS))
    shop.parquet(
        "e.parquet",
        "select * from (values ('o1', 'c1', timestamp '2024-01-05 10:00', 1.5::double),"
        " ('o2', 'c2', timestamp '2024-01-06 11:30', 20::double)) as t(id, who, \"at\", sum)",
    )
    shop.load(["*.csv", "*.json*", "*.parquet"])
    counts = shop.ask("select _content, count(*) from raw.orders group by _content")
    assert sorted(count for _, count in counts) == [5, 5]


def test_content_tells_nothing_from_empty_fields_moved(shop: Shop) -> None:
    columns = COLUMNS | {"source": "s", "channel": "c"}
    shop.write("a.csv", "id,who,at,sum,s,c\no,c,2024-01-05,1,x,\no,c,2024-01-05,1,,x\n")
    shop.load(columns=columns)
    assert len(set(shop.values("_content"))) == 2


def test_quotes_line_breaks_and_delimiters_inside_values(shop: Shop) -> None:
    shop.write("a.csv", HEADER + '"o;1","c\n1","2024-01-05","1"\n"o,2","c ""2""",2024-01-06,2\n')
    shop.load()
    assert shop.orders("_line, order_id, customer_id") == [(2, "o;1", "c1"), (3, "o,2", 'c "2"')]


def test_a_backslash_may_escape_a_quote(shop: Shop) -> None:
    shop.write("a.csv", HEADER + '"5\\" nail","c",2024-01-05,1\n')
    shop.load()
    assert shop.values("order_id") == ['5" nail']


def test_a_quote_within_an_unquoted_value_is_itself(shop: Shop) -> None:
    shop.write("a.csv", HEADER + '5" nail,c,2024-01-05,1\n' + ROWS)
    shop.load()
    assert shop.values("order_id") == ['5" nail', "o1", "o2"]


def test_the_delimiter_given_is_used(shop: Shop) -> None:
    shop.write("a.csv", "id~who,x~at~sum\no1~c,1~2024-01-05~1\n")
    shop.load(delimiter="~", columns=COLUMNS | {"customer_id": "who,x"})
    assert shop.values("customer_id") == ["c,1"]


def test_a_delimiter_of_several_characters(shop: Shop) -> None:
    shop.write("a.csv", CSV.replace(",", "||"))
    shop.load(delimiter="||")
    assert shop.orders() == [FIRST, SECOND]


def test_one_bad_line_does_not_change_how_the_others_are_read(shop: Shop) -> None:
    shop.write("a.csv", HEADER + "a;b;c\n" * 3 + ROWS)
    assert shop.load().rows == 2
    assert [line for _, line, *_ in shop.rejects()] == [2, 3, 4]


def test_a_file_without_rows_is_a_delivery_of_none(shop: Shop) -> None:
    shop.write("a.csv", HEADER)
    shop.write("b.json", "[]")
    assert (shop.load(["a.csv", "b.json"]).rows, shop.orders()) == (0, [])
    assert shop.ask("select rows_in_file, rows_loaded from ledger.files") == [(0, 0), (0, 0)]


# ---------------------------------------------------------------- values


def test_numbers_and_ids_of_spreadsheets(shop: Shop) -> None:
    shop.parquet(
        "a.parquet",
        "select 536365::double as id, 17850.0::double as who, date '2024-01-05' as at, 1 as sum",
    )
    shop.write("b.csv", HEADER + "536365.0,17850.0,2024-01-05,1\n007,12.50,2024-01-05,1e2\n")
    shop.load(["a.parquet", "b.csv"])
    expected = [("536365", "17850"), ("536365", "17850"), ("007", "12.50")]
    assert shop.orders("order_id, customer_id") == expected
    assert shop.values("amount") == [1, 1, 100]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("12,50", "12.50"),
        ("-0,5", "-0.5"),
        ("1.234,50", "1234.50"),
        ("1 234 567,8", "1234567.8"),
        ("1\u202f234,5", "1234.5"),
        ("1'234", "1234"),
        ("20", "20"),
        (",5", "0.5"),
    ],
)
def test_a_decimal_comma(shop: Shop, written: str, expected: str) -> None:
    shop.write("a.csv", HEADER.replace(",", ";") + f"o1;c1;2024-01-05;{written}\n")
    shop.load(decimal=",")
    assert shop.values("amount") == [Decimal(expected)]


def test_naive_times_are_in_the_zone_of_the_export(shop: Shop) -> None:
    shop.write("a.csv", HEADER + "a,c,2024-01-05 10:00,1\nb,c,2024-07-05 10:00,1\n")
    shop.load(time_zone="Europe/London")
    assert shop.values("ordered_at") == [at(2024, 1, 5, 10), at(2024, 7, 5, 9)]


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2024-07-05 12:00:00Z", 12),
        ("2024-07-05T12:00:00+00:00", 12),
        ("2024-07-05 12:00:00+02", 10),
        ("2024-07-05T12:00:00-0500", 17),
        ("2024-07-05 12:00:00 UTC", 12),
        ("2024-07-05 12:00:00", 11),
    ],
)
def test_an_offset_comes_before_the_zone(shop: Shop, written: str, hour: int) -> None:
    shop.write("a.csv", f"{HEADER}a,c,{written},1\n")
    shop.load(time_zone="Europe/London")
    assert shop.values("ordered_at") == [at(2024, 7, 5, hour)]


def test_times_of_parquet_with_and_without_a_zone(shop: Shop) -> None:
    shop.parquet(
        "a.parquet",
        "select 'o' as id, 'c' as who, timestamp '2024-07-05 12:00' as at,"
        " timestamptz '2024-07-05 12:00:00+02' as later, 1 as sum",
    )
    shop.load("a.parquet", time_zone="Europe/London", columns=COLUMNS | {"updated_at": "later"})
    expected = [(at(2024, 7, 5, 11), at(2024, 7, 5, 10))]
    assert shop.orders("ordered_at, updated_at") == expected


def test_the_hour_that_clocks_repeat_is_the_second_one(shop: Shop) -> None:
    shop.write("a.csv", HEADER + "a,c,2024-10-27 01:30,1\nb,c,2024-10-27 02:30,1\n")
    shop.load(time_zone="Europe/London")
    night = at(2024, 10, 27)
    assert shop.values("ordered_at") == [
        night.replace(hour=1, minute=30),
        night.replace(hour=2, minute=30),
    ]


def test_a_time_that_clocks_skip_is_rejected_and_its_neighbours_are_not(shop: Shop) -> None:
    times = ["00:59:59", "01:00:00", "01:59:59", "02:00:00", "02:30:00"]
    rows = [f"{i},c,2024-03-31 {time},1" for i, time in enumerate(times)]
    shop.write("a.csv", HEADER + "\n".join([*rows, "z,c,2024-03-31T01:30:00Z,1"]) + "\n")
    shop.load(time_zone="Europe/London")
    assert shop.values("order_id") == ["0", "3", "4", "z"]
    reason = "ordered_at does not exist in Europe/London: the clocks went forward"
    assert shop.rejects() == [("a.csv", line, "ordered_at", reason) for line in (3, 4)]


def test_a_day_that_begins_in_a_gap_begins_after_it(shop: Shop) -> None:
    shop.write("a.csv", HEADER + "a,c,2018-11-04,1\n")
    shop.load(time_zone="America/Sao_Paulo")
    assert shop.values("ordered_at") == [at(2018, 11, 4, 3)]


def test_changes_of_a_zone() -> None:
    def of(zone: str, year: int) -> list[list[dt.datetime]]:
        return [[m for m in moments if m.year == year] for moments in clock_changes(zone)]

    quarters = (0, 15, 30, 45)
    assert of("Europe/London", 2024) == [
        [dt.datetime(2024, 3, 31, 1, minute, tzinfo=dt.UTC) for minute in quarters],
        [dt.datetime(2024, 10, 27, 1, minute, tzinfo=dt.UTC) for minute in quarters],
    ]
    assert [len(moments) for moments in of("Australia/Lord_Howe", 2023)] == [2, 2]
    assert clock_changes("UTC") == ((), ())


@pytest.mark.parametrize(
    ("times", "options", "count"),
    [
        # the third is refused for its amount
        (["2024-10-27 01:00:00", "2024-10-27 01:59:59", "2024-10-27 01:30:00,x"], {}, 2),
        (["2024-10-27 00:59:59", "2024-10-27 02:00:00", "2024-10-27T01:30:00Z"], {}, 0),
        (["2024-10-27 01:30:00+01:00", "2024-10-27T01:30:00+0000", "2024-03-31 02:00"], {}, 0),
        (["27.10.2024 01:30", "27.10.2024 02:30"], {"timestamp_format": "%d.%m.%Y %H:%M"}, 1),
        (["2024-10-27 01:30 +0100"], {"timestamp_format": "%Y-%m-%d %H:%M %z"}, 0),
    ],
)
def test_times_in_the_hour_that_clocks_repeat_are_counted(
    shop: Shop, times: list[str], options: dict[str, Any], count: int
) -> None:
    rows = [f"o,c,{time}{'' if ',' in time else ',1'}\n" for time in times]
    shop.write("a.csv", HEADER + "bad\n" + "".join(rows))
    shop.load(time_zone="Europe/London", **options)
    assert shop.ask("select rows_in_repeated_hour from ledger.files") == [(count,)]
    shop.load(time_zone="UTC", **options)
    assert shop.ask("select rows_in_repeated_hour from ledger.files") == [(0,)]


@pytest.mark.parametrize(
    ("form", "written", "expected"),
    [
        ("%d.%m.%Y %H:%M", "05.07.2024 12:00", at(2024, 7, 5, 11)),
        ("%d/%m/%Y", "05/07/2024", at(2024, 7, 4, 23)),
        ("%d.%m.%Y %H:%M %z", "05.07.2024 12:00 +0200", at(2024, 7, 5, 10)),
    ],
)
def test_a_timestamp_format(shop: Shop, form: str, written: str, expected: dt.datetime) -> None:
    shop.write("a.csv", f"{HEADER}a,c,{written},1\nb,c,2024-07-05,1\n")
    shop.load(time_zone="Europe/London", timestamp_format=form)
    assert shop.values("ordered_at") == [expected]
    assert shop.rejects() == [("a.csv", 3, "ordered_at", "ordered_at is not a timestamp")]


def test_states_and_currencies_are_unified(shop: Shop) -> None:
    shop.write(
        "a.csv",
        "id,who,at,sum,s,c\n1,c,2024-01-05,1,PAID,gbp\n2,c,2024-01-05,1,Nope,\n"
        "3,c,2024-01-05,1,Awaiting,EUR\n4,c,2024-01-05,1,,\n",
    )
    columns = COLUMNS | {"status": "s", "currency": "c"}
    shop.load(columns=columns, currency="USD", status_map={"AWAITING ": "pending"})
    assert shop.values("status") == ["counted", "Nope", "pending", None]
    assert shop.values("currency") == ["GBP", "USD", "EUR", "USD"]


def test_amount_from_quantity_and_price_less_discount(shop: Shop) -> None:
    shop.write("a.csv", "who,at,q,p,d\nc,2024-01-05,3,1.25,0.75\nc,2024-01-05,-1,2,\n")
    columns = {"customer_id": "who", "ordered_at": "at", "quantity": "q", "unit_price": "p"}
    shop.load(columns=columns)
    assert shop.values("amount") == [Decimal("3.75"), -2]
    shop.load(columns=columns | {"discount_amount": "d"})
    assert shop.values("amount") == [3, -2]


def test_further_columns_of_customers_are_kept_as_json(shop: Shop) -> None:
    shop.write("a.csv", "id,Tier,age\nc1,gold,31\nc2,,\n")
    columns = {"customer_id": "id", "tier": "Tier", "age": "age", "shop": {"value": "north"}}
    shop.load(export="customers", columns=columns)
    found = [
        json.loads(a) for (a,) in shop.ask("select attributes from raw.customers order by _line")
    ]
    assert found == [
        {"tier": "gold", "age": "31", "shop": "north"},
        {"tier": None, "age": None, "shop": "north"},
    ]


# ---------------------------------------------------------------- expressions, where, select


def test_constants_and_expressions_over_the_columns_of_the_file(shop: Shop) -> None:
    shop.write(
        "a.csv", "id,who,at,gross,off,zip\n1,c,2024-01-05,10,2.5,0123\n2,c,2024-01-05,4,0,0456\n"
    )
    shop.load(
        columns={
            "order_id": {"sql": "zip || '-' || id"},
            "customer_id": "who",
            "ordered_at": "at",
            "amount": {"sql": "gross - off"},
            "tax_amount": "gross",
            "currency": {"value": "eur"},
            "quantity": {"value": 1},
        }
    )
    assert shop.orders("order_id, amount, tax_amount, currency, quantity") == [
        ("0123-1", Decimal("7.5"), 10, "EUR", 1),
        ("0456-2", 4, 4, "EUR", 1),
    ]


def test_where_leaves_rows_out_and_keeps_line_numbers(shop: Shop) -> None:
    shop.write("a.csv", HEADER + "1,c,2024-01-05,5\nbad\n2,c,2024-01-05,-5\n3,c,2024-01-05,7\n")
    shop.write("b.jsonl", LINES)
    shop.parquet(
        "c.parquet",
        "select 'p' || i as id, 'c' as who, date '2024-01-05' as at, i as sum from range(4) t(i)",
    )
    loaded = shop.load(["a.csv", "b.jsonl", "c.parquet"], where="sum >= 2")
    assert shop.orders("_file, _line, order_id") == [
        ("a.csv", 2, "1"),
        ("a.csv", 5, "3"),
        ("b.jsonl", 2, "o2"),
        ("c.parquet", 3, "p2"),
        ("c.parquet", 4, "p3"),
    ]
    assert loaded.rejected == 1
    assert shop.rejects()[0][:2] == ("a.csv", 3)


def test_select_over_the_file(shop: Shop) -> None:
    shop.write(
        "a.csv", "id,who,at,line_sum\n1,c,2024-01-05,1.5\n1,c,2024-01-05,2\n2,d,2024-01-06,4\n"
    )
    shop.write(
        "b.json", json.dumps([{"order": {"id": 3, "who": "e", "at": "2024-01-07"}, "line_sum": 9}])
    )
    grouped = 'select id, who, min("at") as "at", sum(line_sum) as sum from {file} group by all'
    shop.load("a.csv", select=grouped)
    assert sorted(shop.orders("order_id, customer_id, amount")) == [
        ("1", "c", Decimal("3.5")),
        ("2", "d", 4),
    ]
    shop.load("b.json", select='select "order".*, line_sum as sum from {file}')
    assert shop.orders("order_id, customer_id, amount") == [("3", "e", 9)]


def test_select_over_parquet_sees_no_column_of_ours(shop: Shop) -> None:
    shop.parquet(
        "a.parquet", "select 'o' as id, 'c' as who, date '2024-01-05' as at, [1, 2] as sums"
    )
    shop.load("a.parquet", select="select * exclude (sums), unnest(sums) as sum from {file}")
    assert shop.orders("order_id, amount") == [("o", 1), ("o", 2)]
    assert shop.ask("select columns from ledger.files")[0][0].count("row") == 0


# ---------------------------------------------------------------- columns


def test_optional_columns_may_be_in_some_files_only(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    shop.write("b.csv", "id,who,at,sum,land\no3,c3,2024-01-07,3,GB\n")
    shop.write("c.jsonl", LINES)
    shop.load(["*.csv", "*.jsonl"], columns=COLUMNS | {"country": "land"})
    assert shop.values("country") == [None, None, "GB", None, None]


def test_a_column_in_no_file_is_an_error(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    shop.write("b.csv", CSV)
    with pytest.raises(ExportError, match=r"a.csv: exports.orders.columns.country: .*'land'"):
        shop.load(columns=COLUMNS | {"country": "land"})


def test_a_required_column_has_to_be_in_every_file(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    shop.write("b.csv", CSV.replace("sum", "summ"))
    with pytest.raises(ExportError, match=r"b.csv: .*no column 'sum'; did you mean 'summ'\?"):
        shop.load()
    assert len(shop.orders()) == 2


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b"], ("a", "b")),
        (["a", "a"], ("a_1", "a_2")),
        (["a", "A", "b"], ("a_1", "A_2", "b")),
        (["a", "a", "a_1"], ("a_2", "a_3", "a_1")),
        ([], ()),
    ],
)
def test_names_that_occur_twice_are_numbered(names: list[str], expected: tuple[str, ...]) -> None:
    assert unique_names(names) == expected


# ---------------------------------------------------------------- deliveries


def test_a_second_load_reads_nothing(shop: Shop) -> None:
    shop.write("deep/a.csv", CSV)
    shop.write("b.csv", CSV)
    assert shop.load("**/*.csv").files_read == 2
    before = shop.orders("*")
    again = shop.load("**/*.csv")
    assert (again.files_read, again.rows, again.files) == (0, 4, 2)
    assert shop.orders("*") == before
    assert shop.load("**/*.csv", force=True).files_read == 2


def test_a_new_file_is_added_and_a_changed_one_replaces_exactly_its_own_rows(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    shop.load()
    shop.write("b.csv", HEADER + "o9,c9,2024-01-07,9\nbad\n")
    assert shop.load().files_read == 1
    shop.write("b.csv", HEADER + "o8,c8,2024-01-08,8\n")
    assert shop.load().files_read == 1
    assert shop.orders("_file, order_id, _run_id") == [
        ("a.csv", "o1", "run1"),
        ("a.csv", "o2", "run1"),
        ("b.csv", "o8", "run3"),
    ]
    assert shop.rejects() == []


def test_a_vanished_file_keeps_its_rows_while_it_is_asked_for(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    gone = shop.write("b.csv", CSV)
    shop.load()
    gone.unlink()
    assert (shop.load().rows, shop.load("?.csv").rows) == (4, 4)
    assert shop.load("a.csv").rows == 2


def test_files_may_all_have_been_put_away(shop: Shop) -> None:
    gone = shop.write("a.csv", CSV)
    shop.load()
    gone.unlink()
    loaded = shop.load()
    assert (loaded.rows, loaded.files_read, loaded.dropped) == (2, 0, ())


def test_pruned_files_lose_their_rows_and_are_counted(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    gone = shop.write("b.csv", CSV + "bad\n")
    shop.load()
    gone.unlink()
    assert shop.load().dropped == ()
    loaded = shop.load(prune=True)
    assert (loaded.rows, loaded.files, loaded.rejected) == (2, 1, 0)
    assert (loaded.dropped, loaded.rows_dropped) == (("b.csv",), 3)
    assert set(shop.values("_file")) == {"a.csv"}
    assert shop.rejects() == []


def test_a_folder_out_of_reach_is_no_reason_to_prune_everything(shop: Shop) -> None:
    gone = shop.write("deep/a.csv", CSV)
    shop.load("deep/*.csv")
    gone.unlink()
    with pytest.raises(ExportError, match=r"no file matches 'deep/\*.csv'"):
        shop.load("deep/*.csv", prune=True)
    assert len(shop.orders()) == 2


def test_a_file_no_longer_asked_for_loses_its_rows(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    shop.write("sub/b.csv", HEADER + "bad\n")
    shop.load(["a.csv", "sub/*.csv"])
    assert len(shop.rejects()) == 1
    loaded = shop.load("*.csv")
    assert (loaded.dropped, loaded.rows_dropped) == (("sub/b.csv",), 1)
    assert set(shop.values("_file")) == {"a.csv"}
    assert shop.rejects() == []
    assert shop.ask("select file from ledger.files") == [("a.csv",)]


def test_an_export_no_longer_mapped_is_empty(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    shop.load()
    customers = shop.config({"customers": {"files": "a.csv", "columns": {"customer_id": "who"}}})
    assert shop.load_config(customers, "orders").rows == 0
    assert shop.orders() == []
    assert shop.load_config(customers, "customers").rows == 2


def test_a_changed_mapping_reads_the_files_again(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    shop.load()
    assert shop.load(currency="GBP").files_read == 1
    assert shop.values("currency") == ["GBP", "GBP"]
    assert shop.load(currency="GBP", grain="line").files_read == 0


def test_delivery_date_of_the_configuration_the_name_or_the_file(shop: Shop) -> None:
    shop.write("o_2024-01-31_2024-02-15.csv", CSV)
    shop.write("o_20240301.csv", CSV)
    shop.write("o_2024-02-30.csv", CSV)
    shop.write("o_120240301.csv", CSV)
    noon = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC).timestamp()
    for name in ("o_2024-02-30.csv", "o_120240301.csv"):
        os.utime(shop.folder / name, (noon, noon))
    shop.load()
    assert dict(shop.ask("select file, delivered_at from ledger.files")) == {
        "o_2024-01-31_2024-02-15.csv": dt.date(2024, 2, 15),
        "o_20240301.csv": dt.date(2024, 3, 1),
        "o_2024-02-30.csv": dt.date(2024, 5, 6),
        "o_120240301.csv": dt.date(2024, 5, 6),
    }
    shop.load(delivered_at="2024-07-08")
    assert set(shop.values("_delivered_at")) == {dt.date(2024, 7, 8)}


def test_a_delivery_date_from_the_file_time_is_fixed_at_first_sight(shop: Shop) -> None:
    path = shop.write("a.csv", CSV)
    first, later = (dt.datetime(2024, 5, day, 12, tzinfo=dt.UTC).timestamp() for day in (6, 9))
    os.utime(path, (first, first))
    shop.load()
    os.utime(path, (later, later))
    assert shop.load(force=True).files_read == 1
    assert set(shop.values("_delivered_at")) == {dt.date(2024, 5, 6)}
    shop.write("a.csv", CSV + "o3,c3,2024-01-07,3\n")
    os.utime(path, (later, later))
    shop.load()
    assert set(shop.values("_delivered_at")) == {dt.date(2024, 5, 9)}


def test_rows_and_files_say_where_they_came_from(shop: Shop) -> None:
    path = shop.write("a.csv", CSV)
    shop.load()
    stamps = shop.orders("_file, _run_id, _loaded_at")
    assert set(stamps) == {("a.csv", "run1", at(2024, 6, 1, 12))}
    size, columns = shop.ask("select size, columns from ledger.files")[0]
    assert size == path.stat().st_size
    assert list(json.loads(columns)) == ["id", "who", "at", "sum"]


# ---------------------------------------------------------------- line numbers


def test_line_numbers_are_exact_with_unreadable_lines_before(shop: Shop) -> None:
    lines, good, bad = [HEADER.strip()], [], []
    for number in range(2, 3002):
        if number % 7 == 0 or 100 <= number < 120:
            lines.append("x,y" if number % 2 else "1,2,3,4,5")
            bad.append(number)
        else:
            lines.append(f'"{number}","c\n{number}",2024-01-05,{"x" if number % 50 == 0 else 1}')
            (bad if number % 50 == 0 else good).append(number)
    shop.write("a.csv", "\n".join(lines) + "\n")
    shop.load()
    assert shop.orders("_line, order_id") == [(number, str(number)) for number in good]
    assert [line for _, line, *_ in shop.rejects()] == bad


def test_blank_lines_are_not_counted_as_records(shop: Shop) -> None:
    shop.write("a.csv", "\n" + HEADER + "\n1,c,2024-01-05,1\n\n\nbad\n\n2,c,2024-01-05,1\n")
    shop.load()
    assert shop.orders("_line, order_id") == [(2, "1"), (4, "2")]
    assert [line for _, line, *_ in shop.rejects()] == [3]


def test_line_numbers_of_json_lines(shop: Shop) -> None:
    first, second = LINES.splitlines()
    shop.write("a.jsonl", f"{{oops\n{first}\n\n[1]\n12\n{second}\n")
    shop.load("a.jsonl")
    assert shop.orders("_line, order_id") == [(2, "o1"), (5, "o2")]
    assert [line for _, line, *_ in shop.rejects()] == [1, 3, 4]


# ---------------------------------------------------------------- the rest


def test_the_base_currency_is_the_only_one_there_is(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    config = shop.config({"orders": {"files": "a.csv", "columns": COLUMNS}})
    shop.load_config(config, "orders")
    assert base_currency(shop.con, config) == ""
    shop.load(currency="GBP")
    assert base_currency(shop.con, config) == "GBP"
    shop.write("b.csv", "id,who,at,sum,cur\n1,c,2024-01-05,1,EUR\n2,c,2024-01-05,1,\n")
    shop.load(columns=COLUMNS | {"currency": "cur"}, currency="GBP")
    told = r"settings.base_currency: the exports are in EUR \(orders\), GBP \(orders\); name"
    with pytest.raises(ExportError, match=told):
        base_currency(shop.con, config)


def test_the_base_currency_is_that_of_every_export_with_money(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    shop.write("s.csv", "day,from,paid\n2024-01-05,ads,3\n")
    paid = {"spend_date": "day", "source": "from", "cost": "paid"}
    spend = {"files": "s.csv", "columns": paid, "currency": "USD"}
    orders: dict[str, Any] = {"files": "a.csv", "columns": COLUMNS}
    for currency, told in ((None, None), ("USD", None), ("GBP", "GBP .orders., USD .market")):
        given = orders | ({"currency": currency} if currency else {})
        config = shop.config({"orders": given, "marketing_spend": spend})
        shop.load_config(config, "orders")
        shop.load_config(config, "marketing_spend")
        if told is None:
            assert base_currency(shop.con, config) == "USD"
        else:
            with pytest.raises(ExportError, match=told):
                base_currency(shop.con, config)


def test_studies_are_put_where_dbt_finds_them(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    study = {"name": "s", "start": "viewed", "return": "order"}
    orders = {"orders": {"files": "a.csv", "columns": COLUMNS}}
    for studies, expected in (
        ([study], [("s", "viewed", "order", "first", 1, "calendar")]),
        ([], []),
    ):
        prepare(shop.con, shop.config(orders, studies=studies))
        assert shop.ask("from ledger.studies") == expected


def test_a_table_of_an_older_contract_makes_way(shop: Shop) -> None:
    shop.write("a.csv", CSV)
    shop.load()
    shop.con.execute("alter table raw.orders drop column product_name")
    assert (shop.load().files_read, len(shop.orders())) == (1, 2)


def test_the_session_is_left_as_it_was(shop: Shop) -> None:
    shop.con.execute("set TimeZone = 'UTC'")
    shop.write("a.csv", CSV)
    shop.load(time_zone="Europe/London")
    shop.write("b.csv", "nothing\n")
    with pytest.raises(ExportError):
        shop.load(time_zone="Europe/London")
    assert shop.ask("select current_setting('TimeZone')") == [("UTC",)]
    assert (
        shop.ask(
            "select table_name from duckdb_tables() where temporary and table_name = 'incoming'"
        )
        == []
    )
    assert shop.ask("select current_setting('disabled_optimizers')") == [("",)]
    assert shop.ask("select current_setting('disabled_compression_methods')") == [("",)]


@pytest.mark.parametrize("table", load_contract().tables)
def test_every_export_is_created_empty_with_the_types_of_the_contract(
    shop: Shop, table: str
) -> None:
    config = shop.config({"orders": {"files": "a.csv", "columns": COLUMNS}})
    if table == "orders":
        shop.write("a.csv", HEADER)
    loaded = shop.load_config(config, table)
    contract = load_contract()
    expected = {c.name: c.duckdb_type.upper() for c in contract.tables[table].columns.values()}
    expected |= {c.name: c.duckdb_type.upper() for c in contract.provenance.values()}
    assert {name: kind.replace(", ", ",") for name, kind in loaded.columns.items()} == expected
