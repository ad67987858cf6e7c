"""Whether columns of a sample come to each other, row by row."""

from collections.abc import Mapping

import duckdb

from ..sql import identifier
from .look import Look

NEARLY_ALL = 0.9
CENT = 0.011


def number(look: Look, name: str) -> str:
    """The column of the sample as a number: what stands around the digits is left away."""
    digits = f"regexp_replace({identifier(name)}, '[^0-9.,-]', '', 'g')"
    if look.values[name].has_decimal_comma:
        return f"try_cast(replace(replace({digits}, '.', ''), ',', '.') as double)"
    return f"try_cast(replace({digits}, ',', '') as double)"


def in_sql(look: Look, name: str) -> str:
    """The column as a number in the user's own SQL, where decimal commas are text."""
    column = identifier(name)
    if not look.values[name].has_decimal_comma:
        return column
    return f"cast(replace(replace({column}, '.', ''), ',', '.') as decimal(18, 4))"


def nearly_all(con: duckdb.DuckDBPyConnection, look: Look, test: str, of: str = "true") -> bool:
    """Whether a test holds in nearly all rows of the sample, or of those of a kind."""
    query = f"select avg(cast(coalesce({test}, false) as int)) from {look.name} where {of}"
    ((share,),) = con.execute(query).fetchall()
    return share is not None and share >= NEARLY_ALL


def is_product(
    con: duckdb.DuckDBPyConnection, look: Look, amount: str, quantity: str, price: str
) -> bool:
    """Whether an amount is the quantity times the price in nearly all rows."""
    told, many, each = (number(look, name) for name in (amount, quantity, price))
    return nearly_all(con, look, f"abs({told} - {many} * {each}) < {CENT}")


def holds(con: duckdb.DuckDBPyConnection, look: Look, terms: Mapping[str, int]) -> bool:
    """Whether the columns, added and taken off, come to nothing in nearly all rows."""
    summed = " ".join(
        f"{'+' if sign > 0 else '-'} coalesce({number(look, name)}, 0)"
        for name, sign in terms.items()
    )
    return nearly_all(con, look, f"abs(0 {summed}) < {CENT}")
