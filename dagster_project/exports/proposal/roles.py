"""What a column of money is, by its name: net or gross, tax, shipping, a price."""

from .look import Values
from .words import meaning

NOT_MONEY = frozenset(
    [
        "quantity",
        "points",
        "score",
        "id",
        "lifetime",
        "balance",
        "percent",
        "weight",
        "age",
        "phone",
        "customer",
        "date",
        "created",
        "views",
        "clicks",
        "impressions",
        "orders",
        "spent",
        "country",
        "currency",
        "status",
        "session",
        "page",
        "ip",
        "code",
        "type",
        "method",
    ]
)
_MONEY = frozenset(
    [
        "amount",
        "total",
        "subtotal",
        "price",
        "net",
        "gross",
        "excl",
        "incl",
        "paid",
        "cost",
        "fee",
        "tax",
        "shipping",
        "discount",
        "refund",
        "tip",
        "order",
    ]
)


def tokens(name: str) -> tuple[str, ...]:
    """The meaning of a column's name; of a field within an object, with that of the object."""
    return meaning(name)


def is_money(name: str, values: Values) -> bool:
    """Whether a column holds amounts: its name says so, and its values are numbers."""
    words = set(tokens(name))
    if words & NOT_MONEY or not words & _MONEY:
        return False
    if words <= {"order", "net"} and "order" in words and "net" not in words:
        return values.filled > 0 and not values.is_whole and values.is_number
    return (values.is_number and not values.is_iso_time) or not values.rows


def money_kind(name: str) -> str:
    """What the money is of: net, amount, total, gross, unit_price, line_total, tax and so on."""
    words = set(tokens(name))
    is_of_goods = bool(words & {"subtotal", "net"}) or "excl" in words
    if "product" in words and words & {"amount", "total", "price"} and "unit" not in words:
        is_of_goods = is_of_goods or bool(words & {"amount", "total"})
    for kind in ("refund", "tip", "fee", "lifetime"):
        if kind in words:
            return kind
    if "discount" in words and not is_of_goods:
        return "discount"
    if "shipping" in words and not words & {"excl", "incl", "total"}:
        return "shipping"
    if "tax" in words and not words & {"excl", "incl"}:
        return "tax"
    if "cost" in words:
        return "cost"
    if "line" in words and words & {"amount", "total", "subtotal", "net"}:
        return "line_total"
    if words & {"price", "unit"} and not words & {"total", "subtotal"}:
        return "unit_price"
    if is_of_goods:
        return "net"
    if "gross" in words or "incl" in words:
        return "gross"
    if "total" in words or "paid" in words:
        return "total"
    return "amount"
