"""Numbers as files write them: what fractions and thousands follow, and the signs around them."""

from ..config.load import Export
from ..contract import Column
from ..formats.names import INVISIBLE
from ..sql import literal

#: Blanks and apostrophes separate nothing but thousands.
_PLAIN_SEPARATORS = r"' \x{A0}\x{202F}\x{2009}"
#: What stands beside an amount for its currency: a sign, a code, an abbreviation.
CURRENCY = (
    r"(?:[$€£¥₽₹₺₴₩₪₫]|[A-Z]{1,3}\$|[A-Z]{3}|[Kk]r\.?|zł|Kč|Ft|lei|Rp\.?|Rs\.?|R|TL"
    r"|руб\.?|р\.|грн\.?|лв\.?|din\.?|Fr\.?)"
)
#: A value of which nobody can say whether its sign separates thousands or fractions: 1,234.
_EITHER = "[+-]?[1-9][0-9]{{0,2}}{sign}[0-9]{{3}}"

_STYLES = {
    "currency": rf"[+-]?\s*{CURRENCY}\s*[+-]?[0-9].*|[+-]?[0-9].*{CURRENCY}",
    "percent": r".*[0-9]\s*%",
    "parentheses": r"\(.*[0-9].*\)",
    "trailing_minus": r".*[0-9]\s*-",
}


def is_number(column: Column) -> bool:
    """Whether the column holds numbers."""
    return column.data_type.startswith(("decimal", "bigint"))


def form(decimal: str, thousands: str | None) -> str:
    """The regular expression of a number whose fractions follow `decimal`."""
    others = "." if decimal == "," else ""
    signs = f"[{others}{_PLAIN_SEPARATORS}]" if thousands is None else f"[{thousands}]"
    grouped = rf"|[0-9]{{1,3}}({signs}[0-9]{{2,3}})*{signs}[0-9]{{3}}" if thousands != "" else ""
    return rf"[+-]?([0-9]+{grouped})?([{decimal}][0-9]*)?"


#: A number whose fractions follow a comma; points, blanks and apostrophes may separate thousands.
DECIMAL_COMMA = rf"\s*{form(',', None)}\s*"


def number(column: Column, source: str, kind: str, export: Export) -> str:
    """The source as the column's type; NULL where it cannot be."""
    value = _number(column, source, kind, export)
    if export.unit(column.name) == "cents":
        value = f"cast({value} / 100 as {column.duckdb_type})"
    return value


def _number(column: Column, source: str, kind: str, export: Export) -> str:
    if kind != "VARCHAR":
        return _cast(column, source)
    bare, divided = _bare(source, export)
    is_number = f"regexp_full_match({bare}, {literal(form(export.decimal, export.thousands))})"
    value = f"case when {is_number} then {_read(column, bare, export)} end"
    if divided:
        value = f"case when {divided} then {value} / 100 else {value} end"
    if export.decimal == ",":
        return f"try_cast({value} as {column.duckdb_type})"
    # of a `coalesce`, DuckDB computes for all values what its later terms share
    plain = _cast(column, source)
    other = f"try_cast({value} as {column.duckdb_type})"
    return f"case when {plain} is not null then {plain} else {other} end"


def _bare(source: str, export: Export) -> tuple[str, str]:
    """The digits and separators of a value, its minus before them; and whether it is a share."""
    text = f"trim(regexp_replace({source}, '[{INVISIBLE}]', '', 'g'))"
    divided = ""
    if "percent" in export.number_style:
        divided = f"ends_with({text}, '%')"
        text = f"rtrim({text}, '% ')"
    if "parentheses" in export.number_style:
        text = f"regexp_replace({text}, '^\\((.*)\\)$', '-\\1')"
    if "currency" in export.number_style:
        text = f"regexp_replace({text}, '^([+-]?)\\s*{CURRENCY}\\s*([+-]?[0-9])', '\\1\\2')"
        text = f"regexp_replace({text}, '([0-9-])\\s*{CURRENCY}$', '\\1')"
    if "trailing_minus" in export.number_style:
        text = f"regexp_replace({text}, '^([^-]*[0-9.,])\\s*-$', '-\\1')"
    return text, divided


def _read(column: Column, text: str, export: Export) -> str:
    digits = f"regexp_replace({text}, '[^0-9{export.decimal}+-]', '', 'g')"
    return _cast(column, f"replace({digits}, ',', '.')" if export.decimal == "," else digits)


def _cast(column: Column, source: str) -> str:
    if column.data_type == "bigint":
        return (
            f"case when try_cast({source} as double) = floor(try_cast({source} as double))"
            f" then try_cast({source} as bigint) end"
        )
    return f"try_cast({source} as {column.duckdb_type})"


def why_not(column: Column, source: str, export: Export) -> str:
    """The SQL of the reason why a text is no number: it names the setting that would read it."""
    word = "whole number" if column.data_type == "bigint" else "number"
    whens = [
        f"when regexp_full_match(trim({source}), {literal(pattern)})"
        f" then {literal(f'is not a {word}; `number_style: [{style}]` reads it')}"
        for style, pattern in _STYLES.items()
        if style not in export.number_style
    ]
    if export.decimal == "." and export.thousands is None:
        has_comma = f"contains({source}, ',') and regexp_full_match(trim({source}), "
        either = "`thousands: ','` reads 1,234 as 1234, `decimal: ','` as 1.234"
        for pattern, remedy in (
            (_EITHER.format(sign=","), f" without a setting: {either}"),
            (form(".", ","), "; `thousands: ','` reads it"),
            (DECIMAL_COMMA, "; `decimal: ','` reads a decimal comma"),
        ):
            reason = literal(f"is not a {word}{remedy}")
            whens.append(f"when {has_comma}{literal(pattern)}) then {reason}")
    return f"case {' '.join(whens)} else {literal(f'is not a {word}')} end"


def currency_sign(source: str) -> str:
    """The SQL of the currency sign that a number bears; NULL where it bears none."""
    bears = f"regexp_full_match(trim({source}), {literal(_STYLES['currency'])})"
    return f"case when {bears} then regexp_extract({source}, {literal(CURRENCY)}) end"


def either(sign: str) -> str:
    """The pattern of values of which `sign` may separate thousands as well as fractions."""
    return _EITHER.format(sign=f"[{sign}]")
