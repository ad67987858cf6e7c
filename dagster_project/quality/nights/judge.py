"""What is odd about a night, seen from the nights before it: pure, and quiet on what shops do.

A share or an amount is odd where it is further from the median of the past than its own scatter
(the median absolute deviation, and what chance does to so few rows) allows, and where it would move
a figure. Shops have Black Fridays, launches and closed days: more rows than usual are no fault by
themselves.
"""

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from ...exports.loading.deliveries import name_dates
from .night import MIN_NIGHTS, Night

#: Rows that have to be odd before a night is; a small one is not judged by a few.
MIN_BAD_ROWS = 20
#: How many times its usual scatter something has to be off.
_SCATTER = 5.0
#: Shares that are told of, and from which on figures are surely wrong.
_ODD, _WRONG = 0.2, 0.5
#: The share that is as good as all rows.
_NEARLY_ALL = 0.95
#: Times the usual amount that are told of: less moves no month by 2 %.
_ODD_TIMES, _WRONG_TIMES = 1.6, 10.0
#: So much before the end of any other night a file was cut.
_EARLY_MINUTES = 120
#: How many times its rows a night that begins late or ends early lacks before it is told of.
_FEWER_WHERE_CUT = 1.2
#: Days that no weekend, holiday or late delivery explains.
_DAYS_OFF = 7
#: Values of these decide whether and as what a row counts.
_DECIDING = ("status", "currency", "event_name", "kind", "is_test")
#: Empty ids of these leave rows without whom they are about.
_WHO = ("customer_id", "anonymous_id", "session_id", "order_id")


@dataclass(frozen=True)
class Finding:
    """Something odd about a night: what was seen, what was expected, and what cures it.

    `gate` is the name that `accept` knows it by. `rows` is the condition, over `night_rows`, of the
    rows in question, None where they are those that are missing.
    """

    gate: str
    severity: Literal["critical", "warning"]
    seen: str
    expected: str
    cure: str
    weight: float
    rows: str | None = "true"


@dataclass(frozen=True)
class Thresholds:
    """The settings of a shop: `volume_min_rows`, `volume_warning_factor` and its critical one."""

    min_rows: float
    fewer: float
    critical: float


def judge(
    night: Night,
    past: Sequence[Night],
    thresholds: Thresholds | None,
    beside: Sequence[Night] = (),
    is_whole: bool = False,
) -> Iterator[Finding]:
    """What is odd about a night.

    Args:
        night: The night.
        past: The nights before it, the oldest first. Of less than two weeks nothing is said, but
            that it repeats what others told of.
        thresholds: When rows are too few or too many; None where they come as they like.
        beside: The nights of all files of its export up to it, whatever they are called.
        is_whole: Whether each delivery is of all there is: the one before it is past enough.
    """
    if len({each.date for each in past}) < (1 if is_whole else MIN_NIGHTS):
        if len({each.date for each in beside}) >= MIN_NIGHTS and night.rows:
            yield from _copies(night, [each for each in beside if each.rows], is_first=True)
        return
    if thresholds is not None:
        yield from _rows(night, past, thresholds)
    filled = [each for each in past if each.rows >= (MIN_BAD_ROWS if is_whole else 1)]
    if not night.rows or len(filled) < (1 if is_whole else MIN_NIGHTS):
        return
    yield from _empty(night, filled)
    yield from _values(night, filled)
    strange = list(_ids(night, filled))
    yield from strange
    # of customers written in another way nobody was there before; that is said once
    if not any(finding.seen.startswith("customer_id") for finding in strange):
        yield from _customers(night, filled)
    yield from _devices(night, filled)
    yield from _copies(night, filled)
    yield from _amounts(night, filled)
    yield from _times(night, filled)
    yield from _days_off(night, filled)


def _usual_rows(night: Night, past: Sequence[Night]) -> float:
    """The median of the same weekday in the weeks before, of all days where it is too new."""
    alike = [each.rows for each in past if each.date.weekday() == night.date.weekday()]
    return median(alike[-5:] if len(alike) >= 2 else [each.rows for each in past])


def _rows(night: Night, past: Sequence[Night], thresholds: Thresholds) -> Iterator[Finding]:
    usual = _usual_rows(night, past)
    if usual < thresholds.min_rows:
        return
    off = [abs(_log(each.rows + 1) - _log(_usual_rows(each, past) + 1)) for each in past]
    scatter = max(1.4826 * median(off), 1 / math.sqrt(usual), 0.05)
    change = _log(night.rows + 1) - _log(usual + 1)
    seen, expected = f"{night.rows:,} rows", f"about {usual:,.0f}"
    if night.rows > usual * thresholds.critical:
        gravity = _gravity(night.rows > usual * thresholds.critical**2)
        cure = "take away what does not belong there"
        yield Finding("rows", gravity, seen, expected, cure, change)
    missing = usual - night.rows
    ends_early, begins_late = _ends_early(night, past), _begins_late(night, past)
    is_cut = ends_early or begins_late
    fewer = min(thresholds.fewer, _FEWER_WHERE_CUT) if is_cut else thresholds.fewer
    if missing < MIN_BAD_ROWS or night.rows * fewer > usual:
        return
    if ends_early and night.is_day:
        return  # such a day is not over; marts call it incomplete
    if is_cut:
        which = "last" if ends_early else "first"
        minute = night.facts[f"{which}_minute"]
        seen += f", the {which} at {minute // 60:02}:{minute % 60:02}"
    elif -change < 4.5 * scatter:
        return
    # a day without any, or that begins at noon, is only warned of: shops close
    few = 0 < night.rows * thresholds.critical < usual
    is_wrong = few or (ends_early and night.rows * thresholds.fewer <= usual)
    cure = "deliver the file again, whole"
    yield Finding("rows", _gravity(is_wrong), seen, expected, cure, -change, None)


def _ends_early(night: Night, past: Sequence[Night]) -> bool:
    """Whether its last row is hours before the last of any night before."""
    before = [each.facts["last_minute"] for each in past if "last_minute" in each.facts]
    return bool(before) and night.facts.get("last_minute", 1440) < min(before) - _EARLY_MINUTES


def _begins_late(night: Night, past: Sequence[Night]) -> bool:
    """Whether its first row is hours after the first of any night before."""
    before = [each.facts["first_minute"] for each in past if "first_minute" in each.facts]
    return bool(before) and night.facts.get("first_minute", 0) > max(before) + _EARLY_MINUTES


def _empty(night: Night, past: Sequence[Night]) -> Iterator[Finding]:
    for column, count in night.facts["empty"].items():
        shares = [each.facts["empty"].get(column, 0) / each.rows for each in past]
        matters = column in _WHO or column in _DECIDING
        change = _rise(count / night.rows, shares, night.rows, _ODD if matters else _WRONG)
        if change is None:
            continue
        yield Finding(
            "empty",
            _gravity(matters and column != "anonymous_id" and change >= _WRONG),
            f"{column} is empty in {count:,} of {night.rows:,} rows",
            f"{median(shares):.0%}",
            f"deliver it again, or see `columns: {{{column}: ...}}`",
            change,
            f"{column} is null",
        )


def _values(night: Night, past: Sequence[Night]) -> Iterator[Finding]:
    for column, counts in night.facts.get("values", {}).items():
        before = [each.facts.get("values", {}).get(column, {}) for each in past]
        usual = {
            value: [told.get(value, 0) / each.rows for told, each in zip(before, past, strict=True)]
            for value in sorted({*counts, *(v for told in before for v in told)})
        }
        # a shop that always has new words has them this night too
        *others, unheard = _first_heard([*before, counts])
        new = [sum(told.values()) / each.rows for told, each in zip(others, past, strict=True)]
        in_other_words = _rise(sum(unheard.values()) / night.rows, new, night.rows, _NEARLY_ALL)
        odd = []
        for value, shares in usual.items():
            share, expected = counts.get(value, 0) / night.rows, median(shares)
            if value == "":
                continue  # the same column empty is a finding of its own
            fallen = _rise(1 - share, [1 - s for s in shares], night.rows, _ODD)
            risen = _rise(share, shares, night.rows, _ODD)
            # what brings customers changes with a campaign; but what brought many goes on, and
            # nothing brings them all
            gone = expected >= _ODD and share < expected / 10
            is_all = share > _NEARLY_ALL
            if column in _DECIDING and (change := risen or fallen):
                wrong = change >= _WRONG and value != "pending"
                odd.append((change, share, value, expected, wrong))
            elif column not in _DECIDING and (change := (gone and fallen) or (is_all and risen)):
                odd.append((change, share, value, expected, False))
            elif column not in _DECIDING and value in unheard and in_other_words:
                odd.append((in_other_words, share, value, expected, False))
        if odd and counts.get("", 0) < _WRONG * night.rows:
            change, share, value, expected, wrong = max(odd)
            yield Finding(
                "values",
                _gravity(wrong),
                f"{column} is {value!r} in {share:.0%} of {night.rows:,} rows",
                f"{expected:.0%}",
                "deliver it again, or map it: `status_map:`"
                if column == "status"
                else f"deliver it again, or see `columns: {{{column}: ...}}`",
                change,
                f"{column}::varchar is {'not ' if share > expected else ''}distinct from"
                f" '{value.replace(chr(39), chr(39) * 2)}'",
            )


def _first_heard(told: Sequence[Mapping[str, int]]) -> list[dict[str, int]]:
    """Of each night, how often the values occur that no night before it had."""
    heard = {""}
    found = []
    for counts in told:
        found.append({value: count for value, count in counts.items() if value not in heard})
        heard |= counts.keys()
    return found


def _ids(night: Night, past: Sequence[Night]) -> Iterator[Finding]:
    for column, shapes in night.facts.get("shapes", {}).items():
        before = [each.facts.get("shapes", {}).get(column, {}) for each in past]
        named = [sum(told.values()) for told in before]
        total, here = sum(named), sum(shapes.values())
        pooled: dict[str, int] = {}
        for told in before:
            for shape, count in told.items():
                pooled[shape] = pooled.get(shape, 0) + count
        known = {shape for shape, count in pooled.items() if count >= 0.01 * total}
        if here < MIN_BAD_ROWS or sum(pooled[s] for s in known) < 0.9 * total:
            continue
        strange = [shape for shape in shapes if shape not in known]
        shares = [
            sum(n for shape, n in told.items() if shape not in known) / count
            for told, count in zip(before, named, strict=True)
            if count
        ]
        change = _rise(sum(shapes[s] for s in strange) / here, shares, here, _ODD)
        usual = max(sorted(pooled), key=lambda shape: pooled[shape])
        seen = f"{column} looks like {strange[0]}" if strange else ""
        expected = f"like {usual}"
        letters = [
            each.facts["letters"][column] / count
            for each, count in zip(past, named, strict=True)
            if count
        ]
        length = night.facts["letters"][column] / here
        if change is None and letters and abs(length - median(letters)) >= 1.5:
            change = _off(length, letters, 0.25) and _WRONG
            seen = f"{column} is {length:.0f} signs long"
            expected = f"{median(letters):.0f} signs"
        if change is None:
            continue
        yield Finding(
            "ids",
            _gravity(change >= _WRONG and column != "anonymous_id"),
            f"{seen} ({here:,} rows)",
            expected,
            f"write it as before: `columns: {{{column}: {{sql: ...}}}}`",
            change,
            f"{column} is not null",
        )


def _busiest(
    night: Night, before: Sequence[Mapping[str, Any]], named: str, busiest: str, who: str
) -> Finding | None:
    """Rows of one customer or device that are far more of all than those of the busiest were."""
    count, most = night.facts[named], night.facts[busiest]
    shares = [told[busiest] / told[named] for told in before]
    change = _rise(most / count, shares, count, _ODD)
    if change is None or most / count <= max(0.3, 3 * median(shares)):
        return None
    return Finding(
        "customers",
        _gravity(most > 0.8 * count and who == "customer"),
        f"{most:,} of {count:,} rows are of one {who}",
        f"{median(shares):.0%} of the busiest",
        "deliver it again; if it is nobody, name it in `settings: {not_ids: [...]}`",
        change,
    )


def _customers(night: Night, past: Sequence[Night]) -> Iterator[Finding]:
    named = night.facts.get("named", 0)
    before = [each.facts for each in past if each.facts.get("named")]
    if named < MIN_BAD_ROWS or len(before) < MIN_NIGHTS:
        return
    known = night.facts["known_customers"]
    one = _busiest(night, before, "named", "busiest", "customer")
    if one:
        yield one
        return
    # of a young shop ever more are known: the newest nights say how many
    shares = [told["known_customers"] / told["named"] for told in before[-MIN_NIGHTS:]]
    usual = median(shares)
    none = known < 0.03 * usual * named
    chance = math.sqrt(usual * (1 - usual) / named)
    few = known < 0.25 * usual * named and _off(known / named, shares, chance)
    if usual * named >= MIN_BAD_ROWS / 2 and (none or few):
        yield Finding(
            "customers",
            _gravity(none),
            f"{known:,} of {named:,} rows are of customers who were there before",
            f"about {usual * named:,.0f}",
            "write customer_id as before: `columns: {customer_id: {sql: ...}}`",
            usual,
        )
    new, usual_new = named - known, (1 - usual) * named
    if usual_new >= 2 * MIN_BAD_ROWS and new < 0.05 * usual_new:
        yield Finding(
            "customers",
            "warning",
            f"{new:,} of {named:,} rows are of new customers",
            f"about {usual_new:,.0f}",
            "deliver it again",
            1 - usual,
        )


def _devices(night: Night, past: Sequence[Night]) -> Iterator[Finding]:
    before = [each.facts for each in past if each.facts.get("named_devices")]
    if night.facts.get("named_devices", 0) >= MIN_BAD_ROWS and len(before) >= MIN_NIGHTS:
        one = _busiest(night, before, "named_devices", "busiest_device", "anonymous_id")
        if one:
            yield one


def _copies(night: Night, past: Sequence[Night], is_first: bool = False) -> Iterator[Finding]:
    """Rows that were there before. Of the first file of its name only what is surely the same."""
    if "alike" not in night.facts:
        return
    told = [each for each in past if "alike" in each.facts]
    n = night.rows

    def risen(what: str) -> float | None:
        shares = [each.facts[what] / each.rows for each in told]
        return _rise(night.facts[what] / n, shares, n, _ODD) if shares else None

    change = max((0 if is_first else risen("alike")) or 0, risen("equal") or 0)
    seen_before = risen("seen_before")
    if seen_before is not None and seen_before >= _WRONG:
        yield Finding(
            "repeated",
            "critical",
            f"{night.facts['seen_before']:,} of {n:,} rows were delivered before, under their ids",
            "rows of its own",
            "deliver the file of this night",
            seen_before,
        )
    elif change:
        most = max(night.facts["alike"], night.facts["equal"])
        yield Finding(
            "repeated",
            _gravity(change >= _WRONG),
            f"{most:,} of {n:,} rows equal others in all but their ids",
            "rows of its own",
            "take the copy away",
            change,
        )
    if is_first:
        return
    usual = median(each.facts["seen_before"] / each.rows for each in told) if told else 0
    lacking = usual - night.facts["seen_before"] / n
    if lacking >= _WRONG and lacking * n >= MIN_BAD_ROWS and not night.is_day:
        yield Finding(
            "repeated",
            "critical",
            f"{night.facts['seen_before']:,} of {n:,} rows have ids that were there before",
            f"{usual:.0%}",
            "write ids as before: `columns: {...: {sql: ...}}`",
            lacking,
        )


def _amounts(night: Night, past: Sequence[Night]) -> Iterator[Finding]:
    for column, told in night.facts.get("amounts", {}).items():
        before = [
            (each.facts["amounts"][column], each.rows)
            for each in past
            if column in each.facts.get("amounts", {})
        ]
        if len(before) < MIN_NIGHTS:
            continue
        for what, condition in (("zero", "= 0"), ("negative", "< 0")):
            shares = [facts[what] / rows for facts, rows in before]
            if change := _rise(told[what] / night.rows, shares, night.rows, _ODD):
                yield Finding(
                    "amounts",
                    _gravity(change >= _WRONG),
                    f"{column} is {what} in {told[what]:,} of {night.rows:,} rows",
                    f"{median(shares):.0%}",
                    f"deliver it again, or see `columns: {{{column}: ...}}`",
                    change,
                    f"{column} {condition}",
                )
        yield from _jumps(column, told, [facts for facts, _ in before], night.rows)


def _jumps(
    column: str, told: Mapping[str, Any], before: Sequence[Mapping[str, Any]], rows: int
) -> Iterator[Finding]:
    filled = [facts for facts in before if facts["median"] and facts["largest"]]
    if not told["median"] or len(filled) < MIN_NIGHTS:
        return
    sigma = median([facts["sigma"] or 0.0 for facts in filled])
    of_mean = math.sqrt(math.expm1(min(sigma, 3) ** 2) / rows)
    found = []
    for what, chance in (("median", 1.25 * sigma / math.sqrt(rows)), ("mean", of_mean)):
        usual = median(facts[what] for facts in filled)
        logs = [_log(facts[what]) for facts in filled]
        times = told[what] / usual
        off = _off(_log(told[what]), logs, max(chance, 0.02))
        if off and not 1 / _ODD_TIMES**2 < times < _ODD_TIMES and rows >= MIN_BAD_ROWS:
            found.append((abs(_log(times)), what, usual, times))
    largest = max(facts["largest"] for facts in filled)
    spread = [facts["sigma"] or 0.0 for facts in filled]
    if rows >= MIN_BAD_ROWS and min(spread) > _ODD > 10 * (told["sigma"] or 0.0):
        yield Finding(
            "amounts",
            "warning",
            f"nearly all {rows:,} rows have the same {column}, about {told['median']:,.2f}",
            "amounts that differ, as in the nights before",
            f"deliver it again, or see `columns: {{{column}: ...}}`",
            0.0,
        )
    if found:
        change, what, usual, times = max(found)
        cents = 50 < max(times, 1 / times) < 200
        unit = "" if not cents else (": in cents?" if times > 1 else ": no longer in cents?")
        yield Finding(
            "amounts",
            _gravity(max(times, 1 / times) >= _WRONG_TIMES),
            f"the {what} of {column} is {told[what]:,.2f}, {_multiple(times)} the usual{unit}",
            f"about {usual:,.2f}",
            f"deliver it again in the unit of before, or `columns: {{{column}: {{name: ..., unit:"
            " cents}}` of all files"
            if cents
            else f"deliver it again, or see `columns: {{{column}: ...}}` and `decimal:`",
            change,
            f"{column} > {max(largest, usual * 5)}" if times > 1 else f"{column} < {usual / 1.5}",
        )
    month = sum(facts["total"] or 0 for facts in filled[-28:]) * 28 / len(filled[-28:])
    if told["largest"] > 10 * largest and told["largest"] > 0.02 * month:
        yield Finding(
            "amounts",
            _gravity(told["largest"] > 0.5 * month),
            f"the largest {column} is {told['largest']:,.2f}",
            f"at most {10 * largest:,.2f}, ten times the largest of {len(filled)} nights before",
            "correct the row, or leave it out: `where:`",
            _log(told["largest"] / largest),
            f"{column} > {10 * largest}",
        )


def _days_off(night: Night, past: Sequence[Night]) -> Iterator[Finding]:
    """Rows of another day than the one that files of this name tell of, delivered so."""
    told = [each for each in past if "main_day" in each.facts]
    day, count = night.facts.get("main_day", ""), night.facts.get("main_rows", 0)
    usual = [str(each.date) == each.facts["main_day"] for each in told]
    is_regular = len(told) >= MIN_NIGHTS and sum(usual) >= 0.9 * len(usual)
    if not is_regular or day == str(night.date) or count < max(MIN_BAD_ROWS, 0.5 * night.rows):
        return
    # the file may be late: it is not where its name has the day, or where the day was told of
    is_told = any(each.facts["main_day"] == day and 2 * each.rows > night.rows for each in told)
    if not is_told and night.delivered_at not in name_dates(night.file):
        return
    off = (night.date - dt.date.fromisoformat(day)).days
    yield Finding(
        "dates",
        _gravity(abs(off) > _DAYS_OFF),
        f"{count:,} of {night.rows:,} rows are of {day}, {abs(off)} day{'s'[: abs(off) > 1]}"
        f" {'before' if off > 0 else 'after'} the day of the file",
        f"rows of {night.date}",
        "deliver the file of this night, or say how times are written: `timestamp_format:`",
        0.0,
        f"day = date '{day}'",
    )


def _times(night: Night, past: Sequence[Night]) -> Iterator[Finding]:
    n = night.rows
    for what, told in (("swapped", "day and month change places"), ("year_off", "the year is off")):
        count = night.facts.get(what, 0)
        shares = [each.facts.get(what, 0) / each.rows for each in past]
        if change := _rise(count / n, shares, n, _ODD):
            yield Finding(
                "dates",
                "critical",
                f"{count:,} of {n:,} rows are of this night if {told}",
                "dates of the days before the delivery",
                "say how times are written: `timestamp_format:`",
                change,
                "day not between _delivered_at - 7 and _delivered_at + 1",
            )
            return
    hours = night.facts.get("hours")
    before = [each for each in past if each.facts.get("hours")]
    if not hours or len(before) < MIN_NIGHTS:
        return
    shares = [each.facts["midnight"] / each.rows for each in before]
    if change := _rise(night.facts["midnight"] / n, shares, n, _ODD):
        yield Finding(
            "times",
            "warning",
            f"{night.facts['midnight']:,} of {n:,} rows are at midnight",
            f"{median(shares):.0%}",
            "deliver times with their hours, or see `timestamp_format:`",
            change,
            "cast(local_at as time) = time '00:00:00'",
        )
        return
    shift = _shift(hours, [each.facts["hours"] for each in before])
    if shift and not _ends_early(night, past) and n < 2 * _usual_rows(night, past):
        yield Finding(
            "times",
            "warning",
            f"the hours of the day are {abs(shift)} later"
            if shift > 0
            else f"the hours of the day are {abs(shift)} earlier",
            "as in the nights before",
            "say in which zone times are: `time_zone:`",
            abs(shift),
        )


def _shift(hours: Sequence[int], before: Sequence[Sequence[int]]) -> int:
    """By how many whole hours a day's rows are late, where that explains them far better."""
    usual = [sum(day[hour] for day in before) + 0.5 for hour in range(24)]
    whole = sum(usual)

    def surprise(of: Sequence[int], shift: int) -> float:
        return -sum(
            count * math.log(usual[(hour - shift) % 24] / whole) for hour, count in enumerate(of)
        )

    best = min(range(-12, 12), key=lambda shift: (surprise(hours, shift), abs(shift)))
    gain = surprise(hours, 0) - surprise(hours, best)
    # days differ from each other too: as much as they do is no shift
    ordinary = max(
        (surprise(day, 0) - min(surprise(day, s) for s in range(-12, 12))) / max(1, sum(day))
        for day in before
    )
    return best if gain > max(12.0, 3 * ordinary * sum(hours)) else 0


def _rise(share: float, usual: Sequence[float], rows: int, least: float) -> float | None:
    """How far a share is above the usual, where that is odd, and of enough rows."""
    expected = median(usual)
    change = share - expected
    if change < least or change * rows < MIN_BAD_ROWS:
        return None
    likely = min(max(expected, 1 / rows), 1 - 1 / rows)
    chance = math.sqrt(likely * (1 - likely) / rows)
    return change if _off(share, usual, max(chance, 0.01)) else None


def _off(value: float, usual: Sequence[float], chance: float) -> bool:
    """Whether a value is further from the median of others than they and chance scatter."""
    middle = median(usual)
    scatter = 1.4826 * median(abs(each - middle) for each in usual)
    return abs(value - middle) > _SCATTER * max(scatter, chance)


def _gravity(is_wrong: bool) -> Literal["critical", "warning"]:
    return "critical" if is_wrong else "warning"


def _log(value: float) -> float:
    return math.log(max(value, 1e-9))


def _multiple(times: float) -> str:
    return f"{times:,.1f} times" if times >= 1 else f"1/{1 / times:,.0f} of"
