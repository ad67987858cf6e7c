"""How the values of a table and of a chart's axis are written."""

import datetime as dt
from decimal import Decimal
from typing import Any

from .language import Language

#: Kinds whose values are words of the marts, and the words they are looked up in.
_WORDS = {
    "value": "values",
    "segment": "segments",
    "activity": "activities",
    "step": "steps",
    "study": "studies",
}
#: Kinds that are told in words and set to the left.
TEXTS = frozenset({*_WORDS, "text", "month", "date", "horizon"})


def text(value: Any, kind: str, words: Language) -> str:
    """A value of a kind as it is read; a dash where there is none."""
    if value is None:
        return words("form.nothing")
    if kind in _WORDS:
        return words.value(value, _WORDS[kind])
    match kind:
        case "text":
            return str(value)
        case "count":
            return words.number(value)
        case "decimal":
            return words.number(value, 2)
        case "ratio":
            return words.number(value, 3)
        case "score":
            return words.number(value, 1)
        case "percent":
            return words.percent(value)
        case "percent0":
            return words.percent(value, 0)
        case "percent2":
            return words.percent(value, 2)
        case "points":
            sign = "+" if value > 0 else ""
            return sign + words("form.points", n=words.number(Decimal(str(value)) * 100, 1))
        case "money":
            return words.money(value)
        case "days":
            return words("form.days", n=words.number(value))
        case "times":
            return words("form.times", n=words.number(value, 1 if abs(value) >= 10 else 2))
        case "month":
            return words.month(value)
        case "date":
            return words.date(value)
        case "yes":
            return words("form.yes" if value else "form.no")
        case "horizon":
            return words("form.days", n=value) if value else words("form.ever")
        case "payback":
            return words.number(value) if value else words("form.same_month")
    raise ValueError(f"{kind} is no kind of value")


def interval(low: Any, high: Any, kind: str, words: Language) -> str:
    """An interval, its unit told once where it follows the number; nothing where there is none."""
    if low is None or high is None:
        return ""
    return words("form.interval", low=_bare(low, kind, words), high=text(high, kind, words))


def _bare(value: Any, kind: str, words: Language) -> str:
    """A value without its unit, where that follows the number."""
    match kind:
        case "percent":
            return words.number(Decimal(str(value)) * 100, 1)
        case "points":
            return ("+" if value > 0 else "") + words.number(Decimal(str(value)) * 100, 1)
        case "days":
            return words.number(value)
        case "money" if words("form.money").endswith("{sign}"):
            return words.amount(value)
    return text(value, kind, words)


def raw(value: Any) -> str:
    """A value as a file for other programs has it, fractions to the sixth place."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return repr(round(value, 6)) if isinstance(value, float) else str(value)
