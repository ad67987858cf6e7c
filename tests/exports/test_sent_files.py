"""Export files as people send them: every row is loaded or told of, or the file is refused by name.

What is right for each of them stands in `cases/files/README.md`; this holds for all of them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dagster_project.exports.errors import ExportError

from ..support.cases import stage
from ..support.shops import DATA_SETS

FOLDERS = sorted(path.parent for path in (DATA_SETS / "cases/files").glob("*/exports.yml"))


@pytest.mark.parametrize("folder", [pytest.param(path, id=path.name) for path in FOLDERS])
def test_no_row_is_lost_in_silence(folder: Path, tmp_path: Path) -> None:
    sent = {path.name for path in folder.iterdir()}
    try:
        staged = stage(folder, tmp_path)
    except ExportError as refused:
        assert any(name in str(refused) for name in sent), refused  # noqa: PT017
        return
    files = staged.query("select file, rows_in_file, rows_rejected, export from ledger.files")
    assert files
    for file, rows, rejected, export in files:
        assert Path(file).name in sent
        ((loaded,),) = staged.query(f"select count(*) from raw.{export} where _file = ?", file)
        ((told,),) = staged.query("select count(*) from ledger.rejects where _file = ?", file)
        assert (rows, rejected) == (loaded + rejected, told)


@dataclass(frozen=True)
class Right:
    """What is right for a folder: the answer of a query, and the reasons of rejected rows."""

    query: str
    rows: list[tuple[Any, ...]]
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """What the error says."""

    words: tuple[str, ...]


ORDERS = "select order_id, customer_id, amount::double from raw.orders order by 1"
THREE = [("o1", "c1", 11.5), ("o2", "c2", 12.5), ("o3", "c3", 13.5)]
IDS = "select distinct customer_id from raw.orders order by 1"
CUSTOMERS = "select customer_id from raw.customers order by 1"
HOURS = "select order_id, hour(ordered_at) from raw.orders order by 1"
CUT = "is not an id: a spreadsheet has cut its digits"
ANSWERS: dict[str, Right | Refused] = {
    "SEP_up": Right(ORDERS, THREE),
    "sep_q": Right(ORDERS, THREE),
    "bom2": Right(ORDERS, THREE),
    "gz_zeros": Right(ORDERS, THREE),
    "zw_header": Right(ORDERS, THREE),
    "case_space": Right(ORDERS, [("o1", "c1", 10.0)]),
    "bools": Right(
        "select count(*) filter (where consent_email), count(*) filter (where not consent_email),"
        " count(*) from raw.customers",
        [(6, 3, 14)],
    ),
    "bracket_twin": Right("select distinct _file from raw.orders", [("orders[1].csv",)]),
    "comments": Refused(("`comment: '#'`", "line 3")),
    "preamble": Refused(("`skip_rows: 3`", "line 4")),
    "preamble2": Refused(("`skip_rows: 3`", "line 4")),
    "crm_flaws": Right(
        "select customer_id, birth_date is null, total_orders from raw.customers order by 1",
        [("1", True, 3), ("2", True, 3), ("3", False, None), ("4", False, None), ("5", True, None)],
    ),
    "crm_footer": Right(
        CUSTOMERS,
        [("7",), ("8",)],
        ("customer_id is a total, not a row of its own", "customer_id repeats the header"),
    ),
    "excel_text": Right(IDS, [("00123",)]),
    "fmt_Z": Right(HOURS, [("o1", 10), ("o2", 10), ("o3", 14)]),
    "glue_reordered": Refused(("line 4", "columns in another order")),
    "glued": Right(
        "select count(*), sum(amount)::double from raw.orders",
        [(6, 84.0)],
        ("order_id repeats the header",),
    ),
    "invisible": Right(IDS, [("C1",), ("c1",)]),
    "json_nested_customer": Right(IDS, [("7",)]),
    "json_wrapper": Right(ORDERS, [("o1", "c1", 11.0), ("o2", "c2", 12.0)]),
    "null_words": Right(
        "select order_id, discount_amount::double, updated_at is null from raw.orders order by 1",
        [(f"o{n}", 1.0 if n == 3 else None, n != 3) for n in range(1, 6)],
    ),
    "phones": Right(
        "select customer_id, phone from raw.customers order by 1",
        [("1", None), ("2", None), ("3", "07700900123")],
    ),
    "pq_binary": Right(IDS, [("zoë-1",)]),
    "pq_float_ids": Right(
        "select order_id, amount::double from raw.orders order by 1 nulls last",
        [("12", 20.0), (None, 20.0)],
        ("order_id is not an id: a float has rounded its digits",) * 2,
    ),
    "pq_same": Refused(("amount_1 or amount_2",)),
    "sci_nopoint": Right(IDS, [], (f"customer_id {CUT}",) * 2),
    # lines of 60, of 20, and ten orders of two lines of 20, whose second says nothing of its order
    "shopify": Right(
        "select sum(amount)::double, count(*), min(status), min(currency)"
        " from staging.stg_order_rows where row_status = 'used'",
        [(480.0, 23, "counted", "EUR")],
    ),
    # 20 + 10 + 20 in euros, and 30 dollars at 1.0883, the rate of the Friday before
    "shopify_blank_second_line": Right(
        "select round(sum(amount), 2)::double, count(*) from staging.stg_order_rows"
        " where row_status = 'used'",
        [(77.57, 5)],
    ),
    "tz_abbr": Right(
        HOURS,
        [("o2", 10), ("o3", 8), ("o4", 9), ("o5", 14), ("o6", 15), ("o8", 7)],
        ("ordered_at names a time zone of several meanings",) * 2,
    ),
    "upper_ext": Right(
        "select distinct _file from raw.orders order by 1", [("a.csv",), ("b.CSV",)]
    ),
    "us_thousands": Refused(("can be read in two ways", "cost", "`thousands: ','`")),
    "us_thousands2": Refused(("can be read in two ways", "amount", "`thousands: ','`")),
    "words": Right(
        "select count(*), count(customer_id) from staging.stg_order_rows",
        [(10, 0)],
        ("amount is empty", "amount is empty", "ordered_at is empty"),
    ),
    "zero_updated": Right(
        "select order_id, updated_at is null from raw.orders order by 1",
        [("o1", True), ("o2", False)],
    ),
}


@pytest.mark.parametrize("folder", [pytest.param(path, id=path.name) for path in FOLDERS])
def test_what_is_right(folder: Path, tmp_path: Path) -> None:
    right = ANSWERS[folder.name]
    if isinstance(right, Refused):
        with pytest.raises(ExportError) as error:
            stage(folder, tmp_path)
        assert [word for word in right.words if word not in str(error.value)] == []
        return
    staged = stage(folder, tmp_path)
    assert staged.query(right.query) == right.rows
    reasons = sorted(reason for _, _, _, reason, _ in staged.rejects())
    assert [r[: len(told)] for r, told in zip(reasons, right.rejected, strict=True)] == [
        *right.rejected
    ]
