"""The figures at the top: the newest value, what it was before, and whether the change is sure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from . import cells, charts
from .findings import difference
from .language import Language

#: How each is written, and whether more of it is good: not said of a mean without an interval.
KINDS: dict[str, tuple[str, bool | None]] = {
    "revenue": ("money", True),
    "active": ("count", True),
    "new": ("count", True),
    "churn": ("percent", False),
    "back": ("percent", True),
    "worth": ("money", None),
}


@dataclass(frozen=True)
class Headline:
    """A figure of the top in words; `mood` is `better` or `worse`, `unsure`
    where nothing changed or chance may explain it, none without a change; `whose`
    says of whom it is."""

    name: str
    title: str
    value: str
    raw: str
    period: str
    interval: str
    change: str
    before: str
    mood: str | None
    certainty: str
    sparkline: Markup | None
    whose: str = ""


def headline(
    name: str, rows: Sequence[Mapping[str, Any]], words: Language, whose: str = ""
) -> Headline:
    """A figure from its periods, the newest last; one without rows says that it is not known."""
    kind, more_is_good = KINDS[name]
    title = words(f"cards.{name}.title")
    if name == "worth":
        age = rows[-1]["age"] if rows else 0
        title = words("cards.worth.title", age=age) if age else words("cards.worth.title_0")
    if not rows:
        missing = words("cards.missing")
        return Headline(name, title, missing, "", "", "", "", "", None, "", None)
    now, told = rows[-1], words.date if name == "active" else words.month
    interval = ""
    if now.get("low") is not None:
        told_interval = cells.interval(now["low"], now["high"], kind, words)
        interval = words("cards.interval", interval=told_interval)
    values = [float(row["value"]) for row in rows]
    spark = None
    if len(rows) > 1:
        given = {"n": len(rows), "first": told(rows[0]["period"]), "last": told(now["period"])}
        spark = charts.sparkline(values, words("cards.sparkline", **given))
    found = Headline(
        name=name,
        title=title,
        value=cells.text(now["value"], kind, words),
        raw=cells.raw(now["value"]),
        period=told(now["period"]),
        interval=interval,
        change=words("cards.first"),
        before="",
        mood=None,
        certainty="",
        sparkline=spark,
        whose=whose,
    )
    return found if len(rows) == 1 else _compared(found, rows, kind, more_is_good, words)


def _compared(
    found: Headline,
    rows: Sequence[Mapping[str, Any]],
    kind: str,
    more_is_good: bool | None,
    words: Language,
) -> Headline:
    """The figure with its change against the period before."""
    before, now = rows[-2], rows[-1]
    moved = float(now["value"]) - float(before["value"])
    if kind == "percent":
        change = cells.text(moved, "points", words)
    elif before["value"]:
        share = moved / abs(float(before["value"]))
        change = ("+" if share > 0 else "") + words.percent(share)
    else:
        change = ("+" if moved > 0 else "") + cells.text(moved, kind, words)
    told = words.date if found.name == "active" else words.month
    certainty = ""
    if None not in (before.get("low"), now.get("low")):
        bounds = ("value", "low", "high")
        low, high = difference([now[b] for b in bounds], [before[b] for b in bounds])
        certainty = words("cards.chance" if low <= 0 <= high else "cards.sure")
    mood = "better" if (moved > 0) == more_is_good else "worse"
    if not moved or more_is_good is None or certainty == words("cards.chance"):
        mood = "unsure"
    was = cells.text(before["value"], kind, words)
    return Headline(
        **{
            **found.__dict__,
            "change": change,
            "before": words("cards.before", period=told(before["period"]), value=was),
            "mood": mood,
            "certainty": certainty,
        }
    )
