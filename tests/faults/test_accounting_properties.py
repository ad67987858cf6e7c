"""Whatever files come, every row and every cent is found again: METRICS.md, Accounting.

Each example is a dozen shops in one warehouse, told apart by their files; rows and money of each
are compared with a count that knows nothing of DuckDB.
"""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ..support.line import Line
from ..support.messy import CENT, CONFIG, STATUSES, USES, Accounts, Shop, shops

SHOPS = 12
lives = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    # an example takes seconds, and says itself which of its shops is wrong
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module", params=["order", "line"])
def grain(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, grain: str) -> Line:
    return Line(tmp_path_factory.mktemp("messy"))


@lives
@given(data=st.data())
def test_every_row_and_cent_is_accounted_for(line: Line, grain: str, data: st.DataObject) -> None:
    drawn = [data.draw(shops(number, grain)) for number in range(SHOPS)]
    says = {"grain": grain} | ({"amount_is_per": "line"} if grain == "line" else {})
    orders = CONFIG["exports"]["orders"] | says
    line.clear()
    line.start_anew()
    line.deliver(CONFIG | {"exports": {"orders": orders}}, {})
    for shop in drawn:
        for name, content in shop.files.items():
            (line.folder / name).write_bytes(content)
    line.run(marts=("source_accounting", "cohort_value"))
    expected = [Accounts(shop, grain) for shop in drawn]
    for shop, accounts in zip(drawn, expected, strict=True):
        _assert_files_add_up(line, shop, accounts)
    _assert_identities(line, expected)


def _assert_files_add_up(line: Line, shop: Shop, accounts: Accounts) -> None:
    """One shop, so that a failure names the one it is about."""
    with line.warehouse.connect() as con:
        found = con.execute(
            "select 'in_files', sum(rows_in_file), null from ledger.files where file in $files"
            " union all select 'rejected', sum(rows_rejected), null from ledger.files"
            " where file in $files"
            " union all select row_status, count(*), sum(coalesce(amount, 0))"
            " from staging.stg_order_rows where _file in $files group by 1",
            {"files": list(shop.files)},
        ).fetchall()
    text = {name: data.decode() for name, data in shop.files.items()}
    rows = {use: int(count) for use, count, _ in found if count}
    assert rows == {k: accounts.rows[k] for k in ("in_files", *STATUSES) if accounts.rows[k]}, text
    for use, _, amount in found:
        assert amount is None or abs(amount - accounts.money[use]) < CENT / 2, (use, text)


def _assert_identities(line: Line, expected: list[Accounts]) -> None:
    """Both identities, each term against the sum over all shops."""
    with line.warehouse.connect() as con:
        accounting = con.sql("from marts.source_accounting where export = 'orders'")
        (values,) = accounting.fetchall()
        found = dict(zip(accounting.columns, values, strict=True))
        cohorts = con.execute("select sum(revenue) from marts.cohort_value").fetchall()[0][0]
    rows = {use: sum(a.rows[use] for a in expected) for use in ("in_files", *STATUSES)}
    assert {use: found[f"rows_{use}"] for use in rows} == rows
    assert rows["in_files"] == sum(rows[status] for status in STATUSES)
    assert found["rows_loaded"] == found["rows_in_files"] - found["rows_rejected"]
    assert found["rows_without_customer"] == sum(a.rows["without_customer"] for a in expected)

    terms = ("rejected", "duplicate", "superseded", "quarantined", *USES)
    for use in terms:
        money = sum((a.money[use] for a in expected), Decimal(0))
        assert abs(found[f"amount_{use}"] - money) < CENT / 2, use
    assert found["amount_in_files"] == sum(found[f"amount_{use}"] for use in terms)
    assert (cohorts or 0) == found["amount_in_cohorts"]
