"""What orders say of their refunds: the currency, and whether tax and shipping are in them."""

from pathlib import Path

import duckdb

from .draft import Ask, Draft
from .sums import CENT
from .trial import load_sample

#: Of the refunds of a whole order, so many have to tell the same.
_MOST = 2 / 3


def settle_refunds(refunds: Draft, orders: Draft, folder: Path) -> None:
    """Add to the refunds what their orders say, and ask what those leave open."""
    _currency(refunds, orders)
    parts = [p for p in ("tax", "shipping") if f"{p}_amount" in orders.columns]
    if parts and "amounts" not in refunds.options:
        _amounts(refunds, orders, folder, " and ".join(parts))


def _currency(refunds: Draft, orders: Draft) -> None:
    """Refunds that name no currency are in the only one of the orders."""
    codes = [*orders.currencies] or [c for c in [orders.options.get("currency")] if c]
    if "currency" in {*refunds.options, *refunds.columns} or len(codes) != 1:
        return
    (refunds.options["currency"],) = codes
    refunds.notes["currency"] = "as all orders are"
    refunds.asks = [ask for ask in refunds.asks if ask.setting != "currency"]


def _amounts(refunds: Draft, orders: Draft, folder: Path, parts: str) -> None:
    """Refunds of a whole order equal its goods, or what was paid with tax and shipping."""
    with duckdb.connect() as con:
        config, _ = load_sample(con, orders, folder)
        load_sample(con, refunds, folder)
        export = config.exports["orders"]
        money = ("amount", "tax_amount", "shipping_amount")
        # rows of an order are its versions, or lines that may repeat what is the order's
        repeated = export.amounts_of_order if export.grain == "line" else money
        goods, tax, shipping = (
            f"coalesce({'max' if name in repeated else 'sum'}({name}), 0)" for name in money
        )
        named, above_goods, above_all, net, gross = con.execute(
            f"select count(*), count(*) filter (refund.amount > goods + {CENT}),"
            f" count(*) filter (refund.amount > goods + other + {CENT}),"
            f" count(*) filter (other <> 0 and abs(refund.amount - goods) < {CENT}),"
            f" count(*) filter (other <> 0 and abs(refund.amount - goods - other) < {CENT})"
            " from raw.refunds as refund inner join (select order_id,"
            f" {goods} as goods, {tax} + {shipping} as other from raw.orders group by order_id)"
            " using (order_id) where coalesce(refund.status, 'counted') = 'counted'"
        ).fetchall()[0]
    whole = net + gross
    for told, count, equal in (("net", net, "its goods"), ("gross", gross, f"it with {parts}")):
        if whole and count >= _MOST * whole:
            refunds.options["amounts"] = told
            refunds.notes["amounts"] = f"{count:,} of {whole:,} of a whole order equal {equal}"
            return
    question = (
        f"do refunds hold {parts}? As `net`, {above_goods:,} of {named:,} are above the goods of"
        f" their order; as `gross`, {above_all:,} are above it with {parts}. Say `amounts: net` or"
        " `amounts: gross`"
    )
    if not named:
        question = (
            f"do refunds hold {parts}? None of the sample is of an order of the sample, which would"
            " tell. Say `amounts: net` or `amounts: gross`"
        )
    refunds.asks.append(Ask("amounts", question))
