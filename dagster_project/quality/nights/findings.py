"""What is odd about the nights that no reader has seen yet, where the gate on staging finds it.

`ledger.nights` has the nights as they are, `ledger.published_nights` as they were when they were
last published: a night is judged until it is, and compared with those that were. What depends on
when a night was run is in no mart.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

import duckdb

from ...exports.config.load import Accepted, ExportsConfig
from ...exports.contract import Contract, Table
from ...exports.loading.deliveries import name_dates
from ...exports.sql import identifier, literal
from .facts import file_days, gather, is_id
from .judge import MIN_BAD_ROWS, Finding, Thresholds, judge
from .night import (
    FORGOTTEN_AFTER_DAYS,
    JUDGED_DAYS,
    LOST_OF_DAY,
    MIN_NIGHTS,
    NEW_DAYS,
    FileDay,
    Night,
    kept_by_day,
)
from .restated import restated

_TABLES = """
create table if not exists ledger.night_findings (
    export varchar, file varchar, delivered_at date, gate varchar, severity varchar, seen varchar,
    expected varchar, examples varchar, cure varchar, to_let_it_through varchar, accepted varchar
);
create table if not exists ledger.{prefix}nights (
    export varchar, series varchar, night date, file varchar, delivered_at date, is_day boolean,
    facts varchar
);
create table if not exists ledger.{prefix}days (
    export varchar, file varchar, mapping varchar, day date, kept bigint
);
alter table ledger.{prefix}days add column if not exists settings varchar;
alter table ledger.{prefix}days add column if not exists sums map(varchar, double);
"""
#: Of the rows of an export, that may be gone from one delivery to the next.
_LOST_OF_ALL = 0.02
#: Of a night's usual sales, that refunds may be above their usual; and where figures are wrong.
_ODD_REFUNDS, _WRONG_REFUNDS = 0.3, 1.0

_Found = list[tuple[Night, Finding]]


def note_findings(
    con: duckdb.DuckDBPyConnection,
    config: ExportsConfig,
    contract: Contract,
    variables: Mapping[str, Any],
) -> list[str]:
    """Rewrite `ledger.nights` and `ledger.night_findings` from the exports as they are staged.

    Returns:
        What is odd but accepted in `exports.yml`, in words.
    """
    for prefix in ("staged_", "published_"):
        con.execute(_TABLES.format(prefix=prefix))
    con.execute(
        "delete from ledger.night_findings; delete from ledger.staged_nights;"
        " delete from ledger.staged_days"
    )
    thresholds = Thresholds(
        float(variables["volume_min_rows"]),
        float(variables["volume_warning_factor"]),
        float(variables["volume_critical_factor"]),
    )
    past_days = 7 * int(variables["volume_weeks"])
    settings = hashlib.sha256(json.dumps(dict(variables), sort_keys=True).encode()).hexdigest()
    tables = [contract.tables[name] for name in config.exports]
    days = {table.name: file_days(con, table) for table in tables}
    daily = [p.day for t in tables if t.volume for p in days[t.name] if p.day and p.kept]
    sales: dict[dt.date, float] = {}
    silent: set[dt.date] = set()
    until = max(daily, default=None)
    behind = _behind(con, [table.name for table in tables if table.volume])
    for table in tables:
        nights = gather(
            con,
            table,
            days[table.name],
            mapped=config.exports[table.name].columns,
            zone=variables["business_time_zone"],
            until=until,
            behind=behind.get(table.name),
            past_days=past_days,
        )
        known = _published(con, table.name)
        found: _Found = []
        for night, past, beside in to_judge(nights, known, past_days):
            volume = thresholds if table.volume else None
            is_whole = not table.day and night.is_undated
            told = list(judge(night, past, volume, beside, is_whole))
            if night.rows == 0 and told:  # a shop that was closed is said once to have been
                told = [] if night.date in silent else told
                silent.add(night.date)
            # of a history that is new to us, old oddities are told only where figures are wrong
            is_old = not known and night.date <= nights[-1].date - dt.timedelta(days=NEW_DAYS)
            found += [(night, f) for f in told if f.severity == "critical" or not is_old]
            if table.name == "refunds":
                found += [(night, f) for f in _refunds(night, past, sales)]
        if table.name == "orders":
            sales = _totals(nights)
        newest = max(nights, key=lambda n: (n.delivered_at, n.file), default=None)
        if newest is not None:
            found += [(newest, f) for f in _lost(con, table, days[table.name])]
            found += [(newest, f) for f in restated(con, table, days[table.name], settings)]
            found += _vanished(con, table, nights, days[table.name])
        _remember_staged(con, table.name, nights, days[table.name], settings)
        _write(con, table, found, config.exports[table.name].accept)
    return [
        f"{export}: {file}: {gate}: {seen} (accepted: {reason})"
        for export, file, gate, seen, reason in con.execute(
            "select export, file, gate, seen, accepted from ledger.night_findings"
            " where accepted is not null order by all"
        ).fetchall()
    ]


def remember(con: duckdb.DuckDBPyConnection) -> None:
    """Note the nights as published: until they change, they are not judged again."""
    for prefix in ("staged_", "published_"):
        con.execute(_TABLES.format(prefix=prefix))
    con.execute(
        f"""
        begin;
        delete from ledger.published_nights as published
        where exists (
            select 1 from ledger.staged_nights as staged
            where staged.export = published.export and (
                staged.series = published.series and staged.night = published.night
                or published.night < staged.night - {FORGOTTEN_AFTER_DAYS}
            )
        );
        insert into ledger.published_nights from ledger.staged_nights;
        delete from ledger.published_days;
        insert into ledger.published_days from ledger.staged_days;
        commit;
        """
    )


def rule(export: str, severity: str) -> str:
    """What is odd about an export's nights and not accepted, on `ledger.night_findings`."""
    return f"""
        select
            file as "of", gate, seen, expected, examples, cure as remedy, to_let_it_through
        from {{batch}}
        where export = {literal(export)} and severity = {literal(severity)} and accepted is null
        order by file, gate
    """


def _published(con: duckdb.DuckDBPyConnection, export: str) -> dict[tuple[str, dt.date], Night]:
    rows = con.execute(
        "select series, night, file, delivered_at, is_day, facts"
        " from ledger.published_nights where export = ?",
        [export],
    ).fetchall()
    return {
        (series, date): Night(export, series, date, file, delivered_at, is_day, json.loads(facts))
        for series, date, file, delivered_at, is_day, facts in rows
    }


def _behind(con: duckdb.DuckDBPyConnection, daily: Sequence[str]) -> dict[str, int]:
    """How many days each export ended before the newest of them, when they were published."""
    newest = dict(
        con.execute(
            "select export, max(day) from ledger.published_days"
            " where day is not null and kept > 0 and list_contains(?, export) group by export",
            [list(daily)],
        ).fetchall()
    )
    return {export: (max(newest.values()) - day).days for export, day in newest.items()}


def to_judge(
    nights: Sequence[Night], known: Mapping[tuple[str, dt.date], Night], past_days: int
) -> Iterable[tuple[Night, list[Night], list[Night]]]:
    """The newest nights that are not published as they are, each with those before it.

    Of the nights before, those of files of its name are first, and then those of all others. One
    that was written over comes before the night, too.
    """
    if not nights:
        return
    pool = {(n.series, n.date): n for n in nights} | dict(known)
    before = sorted(pool.values(), key=lambda n: (n.date, n.series))
    newest = max(night.date for night in nights)
    first: dict[str, dt.date] = {}
    last: dict[str, dt.date] = {}
    for each in before:
        first.setdefault(each.series, each.date)
        last[each.series] = each.date
    for night in nights:
        published = known.get((night.series, night.date))
        if published and published.facts == json.loads(json.dumps(night.facts)):
            continue
        if night.date <= newest - dt.timedelta(days=JUDGED_DAYS):
            continue
        oldest = night.date - dt.timedelta(days=past_days)
        past = [n for n in before if oldest <= n.date < night.date]
        own = [n for n in past if n.series == night.series]
        if not night.is_day and len({n.date for n in own}) < MIN_NIGHTS:
            # the days of a file that ended before the first of these nights are what they go on
            # with; one that goes on beside them tells of something else
            begun = first[night.series]
            own = [
                n for n in past if n.series == night.series or (n.is_day and last[n.series] < begun)
            ]
        if published and not night.is_day and night.is_undated:
            own.append(published)
        beside = [n for n in before if oldest <= n.date <= night.date and n.series != night.series]
        yield night, own, beside


def _totals(nights: Iterable[Night]) -> dict[dt.date, float]:
    """What the orders of each day come to."""
    totals: dict[dt.date, float] = {}
    for night in nights:
        total = night.facts.get("amounts", {}).get("amount", {}).get("total") or 0.0
        totals[night.date] = totals.get(night.date, 0.0) + total
    return totals


def _refunds(
    night: Night, past: Sequence[Night], sales: Mapping[dt.date, float]
) -> Iterable[Finding]:
    """Refunds that are far above their usual, and much of what is sold."""
    given = [each.facts["amounts"]["amount"]["total"] or 0.0 for each in past if each.rows]
    sold = [sales[each.date] for each in past if sales.get(each.date)]
    if len(given) < MIN_NIGHTS or len(sold) < MIN_NIGHTS or not night.rows:
        return
    total, usual = night.facts["amounts"]["amount"]["total"] or 0.0, median(sold)
    excess = total - median(given)
    if total > 2 * max(given) and excess > _ODD_REFUNDS * usual:
        yield Finding(
            "refunds",
            "critical" if excess > _WRONG_REFUNDS * usual else "warning",
            f"refunds of {total:,.2f}, {total / usual:.0%} of a day's sales",
            f"about {median(given):,.2f}",
            "deliver the file again",
            excess / usual,
        )


def _lost(
    con: duckdb.DuckDBPyConnection, table: Table, days: Sequence[FileDay]
) -> Iterable[Finding]:
    """Published rows that are gone, though their files are still there and mapped as they were."""
    there = kept_by_day(days)
    before = con.execute(
        """
        select published.day, sum(published.kept)::bigint
        from ledger.published_days as published
        inner join ledger.files as files
            on
                published.export = files.export and published.file = files.file
                and published.mapping = files.mapping
        where published.export = ?
        group by published.day
        """,
        [table.name],
    ).fetchall()
    lost = {day: kept - there.get(day, 0) for day, kept in before if kept > there.get(day, 0)}
    kept = dict(before)
    of_days = sum(n for day, n in lost.items() if n >= LOST_OF_DAY * kept[day])
    of_all = sum(lost.values())
    if of_days < MIN_BAD_ROWS and of_all < max(MIN_BAD_ROWS, _LOST_OF_ALL * sum(kept.values())):
        return
    worst = max(lost, key=lambda day: (lost[day], str(day)))
    of_day = f" of {worst}" if worst else ""
    yield Finding(
        "lost",
        "critical" if of_days >= MIN_BAD_ROWS else "warning",
        f"{of_all:,} rows that were published are gone; {there.get(worst, 0):,}{of_day}",
        f"{kept[worst]:,}",
        "deliver the file again, whole; where a file holds the newest days only, give each"
        " delivery a name of its own",
        of_all,
        None,
    )


def _vanished(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    nights: Sequence[Night],
    days: Sequence[FileDay],
) -> _Found:
    """Ids of a full export that the next one lacks: their rows stay, though they may be deleted."""
    key = table.key[0]
    if not is_id(table.columns[key]):
        return []
    seen = {
        file
        for (file,) in con.execute(
            "select distinct file from ledger.published_days where export = ?", [table.name]
        ).fetchall()
    }
    found: _Found = []
    series: dict[str, list[tuple[dt.date, str]]] = {}
    for part in sorted({(p.series, p.delivered_at, p.file) for p in days}):
        series.setdefault(part[0], []).append(part[1:])
    for name, files in series.items():
        if len(files) < 3 or files[-1][1] in seen:
            continue
        (_, first), (_, second), (delivered_at, third) = files[-3:]
        whole, _ = _lacking(con, table.name, key, first, second)
        before, gone = _lacking(con, table.name, key, second, third)
        is_full = whole > 0 and _ <= _LOST_OF_ALL * whole
        if not is_full or gone < max(MIN_BAD_ROWS, _LOST_OF_ALL * before):
            continue
        own = [n for n in nights if n.series == name and n.file == third]
        night = (
            own[-1]
            if own
            else Night(table.name, name, delivered_at, third, delivered_at, True, {"rows": 0})
        )
        finding = Finding(
            "lost",
            "warning",
            f"{gone:,} of {before:,} ids of {second} are gone",
            "a full export has those of the one before",
            "deliver the file again, whole",
            gone / before,
            None,
        )
        found.append((night, finding))
    return found


def _lacking(
    con: duckdb.DuckDBPyConnection, export: str, key: str, earlier: str, later: str
) -> tuple[int, int]:
    """How many ids a file has, and how many of them another lacks."""
    ids = f"select distinct {identifier(key)} as id from raw.{identifier(export)} where _file = ?"
    ((all_ids, gone),) = con.execute(
        f"with earlier as ({ids}), later as ({ids})"
        " select count(*), count(*) filter (later.id is null)"
        " from earlier left join later on earlier.id = later.id where earlier.id is not null",
        [earlier, later],
    ).fetchall()
    return all_ids, gone


def _remember_staged(
    con: duckdb.DuckDBPyConnection,
    export: str,
    nights: Sequence[Night],
    days: Sequence[FileDay],
    settings: str,
) -> None:
    if nights:
        parts = [(n.series, n.date, n.file, n.delivered_at, n.is_day, n.facts) for n in nights]
        *columns, facts = (list(values) for values in zip(*parts, strict=True))
        con.execute(
            "insert into ledger.staged_nights select $1, unnest($2), unnest($3), unnest($4),"
            " unnest($5), unnest($6), unnest($7)",
            [export, *columns, [json.dumps(told) for told in facts]],
        )
    if days:
        counted = [(part.file, part.day, part.kept, json.dumps(part.sums)) for part in days]
        con.execute(
            "insert into ledger.staged_days"
            " select files.export, files.file, files.mapping, counted.day, counted.kept, $6,"
            " counted.sums::json::map(varchar, double)"
            " from (select unnest($2) as file, unnest($3::date[]) as day, unnest($4) as kept,"
            " unnest($5) as sums)"
            " as counted inner join ledger.files as files on counted.file = files.file"
            " where files.export = $1",
            [export, *(list(values) for values in zip(*counted, strict=True)), settings],
        )


def _write(
    con: duckdb.DuckDBPyConnection, table: Table, found: _Found, accepted: Sequence[Accepted]
) -> None:
    """Note the gravest finding of each gate about a file, with how many more nights it is of."""
    grouped: dict[tuple[str, str], _Found] = {}
    for night, finding in found:
        grouped.setdefault((night.file, finding.gate), []).append((night, finding))
    for (file, gate), findings in sorted(grouped.items()):
        night, worst = max(findings, key=lambda f: (f[1].severity == "critical", f[1].weight))
        others = len({n.date for n, _ in findings}) - 1
        more = f", and of {others} more days of it" if others else ""
        of_day = f"{night.date}: " if night.is_day and gate not in ("lost", "restated") else ""
        reason = next(
            (a.reason for a in accepted if a.covers(file, gate, night.delivered_at)), None
        )
        con.execute(
            f"insert into ledger.night_findings values ({', '.join('?' * 11)})",
            [
                *(table.name, file, night.delivered_at, gate, worst.severity),
                *(
                    f"{of_day}{worst.seen}{more}",
                    worst.expected,
                    _examples(con, table, night, worst),
                ),
                *(worst.cure, _accept(table.name, file, gate, night.delivered_at), reason),
            ],
        )


def _accept(export: str, file: str, gate: str, delivered_at: dt.date) -> str:
    """The line of `exports.yml` that lets it through: a name that comes again needs its day."""
    day = "" if name_dates(file) else f", delivered_at: '{delivered_at}'"
    return (
        f"`exports: {{{export}: {{accept: [{{file: {file}, gate: {gate}{day}, reason: ...}}]}}}}`"
    )


def _examples(
    con: duckdb.DuckDBPyConnection, table: Table, night: Night, finding: Finding
) -> str | None:
    """Three of the rows in question, without ids or anything else that is personal."""
    if finding.rows is None:
        return None
    shown = [
        f"coalesce(', {name} ' || {name}::varchar, '')"
        for name in (table.time, "amount", "status", "currency")
        if name in table.columns
    ]
    rows = con.execute(
        "select 'line ' || _line" + "".join(f" || {part}" for part in shown) + " from night_rows"
        " where _file = ? and (? or day is not distinct from ?)"
        f" and ({finding.rows}) order by _line limit 3",
        [night.file, not night.is_day, night.date],
    ).fetchall()
    return "; ".join(text for (text,) in rows) or None
