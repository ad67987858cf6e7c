"""A first `exports.yml` for files nobody has described yet: known by their maker, or made out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ..contract import load_contract
from ..errors import ExportError
from ..sql import identifier
from .draft import Ask, Draft, noted, patterns, relative, text, todo
from .given_back import settle_refunds
from .guess import fits_lines, guess, has_goods, has_totals, unfit
from .known import known
from .look import SAMPLE_ROWS, Look, look_at, same_columns
from .roles import tokens
from .same_orders import same_orders
from .settle import measured, settle
from .trial import mended


@dataclass
class _Found:
    """What a group of files was taken for, and what it takes other groups for that it joins."""

    look: Look
    drafts: list[Draft]
    joins: list[Look] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    is_known: bool = False

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """Those that are known and join others first, payments last; then the larger ones."""
        rows = max((values.rows for values in self.look.values.values()), default=0)
        are_payments = any(set(tokens(name)) == {"paid", "id"} for name in self.look.values)
        return (not self.joins, not self.is_known, are_payments, -rows)


def require_files(files: Sequence[Path]) -> None:
    """Raise ExportError where one of them is a folder, or is not there."""
    if folders := [file for file in files if file.is_dir()]:
        raise ExportError(f"{folders[0]} is a folder; name its files, as in {folders[0] / '*.csv'}")
    if missing := [file for file in files if not file.is_file()]:
        raise ExportError(f"{missing[0]}: no such file")


def propose(files: list[Path], folder: Path) -> str:
    """The text of a first `exports.yml` in `folder` for the files, tried on a sample of them.

    Files of the same columns are one export. Raises ExportError where a file cannot be read, or
    where none fits an export.
    """
    require_files(files)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
        groups = same_columns(con, sorted({file.resolve() for file in files}))
        looks = [look_at(con, group, f"look {n}") for n, group in enumerate(groups)]
        found = [_found(con, look, looks) for look in looks]
        drafts, others, settings = _chosen(con, found, folder)
    if not drafts:
        raise ExportError(
            f"{' '.join(others)} Where it is one all the same, name its columns by hand, as in"
            f" `exports: {{orders: {{files: {patterns(files[:1], folder)}, columns: {{customer_id:"
            " ..., ordered_at: ..., amount: ...}}}`: docs/exports.md"
        )
    order = list(load_contract().tables)
    drafts.sort(key=lambda draft: order.index(draft.table.name))
    return text(drafts, _settings(drafts, settings, folder), others, folder)


def _found(con: duckdb.DuckDBPyConnection, look: Look, looks: Sequence[Look]) -> _Found:
    if told := known(con, look, looks):
        return _Found(look, told.drafts, told.joins, dict(told.settings), True)
    if fits_lines(look) and (joined := _with_heads(con, look, looks)):
        whole, heads, alone = joined
        drafts = guess(con, whole)
        if drafts and alone:
            question = (
                f"{alone:,} orders of {heads.largest.name} have no row in {look.largest.name}, and"
                " are left out: do they count?"
            )
            drafts[0].asks.append(Ask("select", question))
        return _Found(look, drafts, [heads])
    return _Found(look, guess(con, look))


def _chosen(
    con: duckdb.DuckDBPyConnection, found: list[_Found], folder: Path
) -> tuple[list[Draft], list[str], dict[str, str]]:
    """One draft for each export, settled and tried; sentences about the other files."""
    taken: dict[str, Draft] = {}
    others: list[str] = []
    settings: dict[str, str] = {}
    joined: list[Look] = []
    for one in sorted(found, key=lambda one: one.rank):
        named, columns = patterns(one.look.files, folder), ", ".join(one.look.values)
        if any(one.look.files == look.files for look in joined) and not (
            one.drafts and one.drafts[0].table.name not in taken
        ):
            others.append(f"{named} is joined to the lines of its orders.")
            continue
        if not one.drafts:
            others.append(f"{named} {unfit(con, one.look)}.")
            continue
        if first := taken.get(one.drafts[0].table.name):
            if first.table.name == "orders" and (
                shared := same_orders(con, first, one.drafts[0], one.look, folder)
            ):
                others.append(
                    f"{named} is left out: {shared} stand in {patterns(first.files, folder)}, so"
                    " that uniting them would count orders twice."
                )
                continue
            question = (
                f"{named} fits as well and is left out, since its columns are others: {columns}. An"
                " export has one mapping: give its files one header"
            )
            first.asks.append(Ask("files", question))
            others.append(
                f"{named} fits {first.table.name} as well, which is taken; an export has one"
                f" mapping: unite the files, or rename columns with `select:` (columns: {columns})."
            )
            continue
        kept = []
        for draft in one.drafts:
            try:
                settle(con, draft, one.look, folder)
                mended(draft, folder)
                measured(draft, folder)
            except ExportError as error:
                others.append(f"{named} could not be loaded as {draft.table.name}: {error}")
                continue
            kept.append(draft)
            taken.setdefault(draft.table.name, draft)
        if kept:
            joined += one.joins
            settings |= one.settings
    if "refunds" in taken and "orders" in taken:
        settle_refunds(taken["refunds"], taken["orders"], folder)
    return list(taken.values()), others, settings


def _settings(drafts: Sequence[Draft], told: dict[str, str], folder: Path) -> list[str]:
    zone = told.get("business_time_zone")
    lines = []
    if any(relative(path.resolve(), folder).startswith("../") for d in drafts for path in d.reads):
        lines.append(noted("  files_outside_folder: true", "not all lie beside this file"))
    if zone is None:
        question = "where does a day begin and end? e.g. Europe/London"
        lines += [f"  {line}" for line in todo("settings.business_time_zone", question)]
    lines.append(f"  business_time_zone: &zone {zone or 'UTC'}")
    counts: dict[str, int] = {}
    for draft in drafts:
        for code, rows in draft.currencies.items():
            counts[code] = counts.get(code, 0) + rows
    if len(counts) > 1:
        several = ", ".join(f"{code} ({counts[code]:,} rows)" for code in counts)
        question = f"what shall figures be in? Seen are {several}"
        lines += [f"  {line}" for line in todo("settings.base_currency", question)]
        lines.append(f"  base_currency: {max(counts, key=lambda code: counts[code])}")
    return lines


def _with_heads(
    con: duckdb.DuckDBPyConnection, lines: Look, looks: Sequence[Look]
) -> tuple[Look, Look, int] | None:
    """Lines of orders with what another file says of the order: found by the key between them.

    Behind them the orders without a line, as far as the samples tell.
    """
    for heads in looks:
        if heads is lines or not any(values.is_time for values in heads.values.values()):
            continue
        # payments of orders that say themselves what they came to
        if has_totals(heads) and not has_goods(lines):
            continue
        for mine in _keys(lines):
            for theirs in _keys(heads):
                if heads.values[theirs].is_unique and _is_key(con, lines, mine, heads, theirs):
                    alone = _alone(con, lines, mine, heads, theirs)
                    return _joined(con, lines, mine, heads, theirs), heads, alone
    return None


def _alone(con: duckdb.DuckDBPyConnection, lines: Look, mine: str, heads: Look, theirs: str) -> int:
    """How many orders have no line; none where a sample is not all."""
    if any(v.rows >= SAMPLE_ROWS for look in (lines, heads) for v in look.values.values()):
        return 0
    return con.execute(
        f"select count(*) from {heads.name} where {identifier(theirs)} not in"
        f" (select {identifier(mine)} from {lines.name} where {identifier(mine)} is not null)"
    ).fetchall()[0][0]


def _keys(look: Look) -> list[str]:
    named = {n: set(tokens(n)) for n, v in look.values.items() if v.filled and not v.is_time}
    return [n for n, words in named.items() if "order" in words or words == {"id"}]


def _is_key(
    con: duckdb.DuckDBPyConnection, lines: Look, mine: str, heads: Look, theirs: str
) -> bool:
    """Whether nearly all values of the lines' column are among those of the other."""
    known_keys = f"select {identifier(theirs)} from {heads.name}"
    ((share,),) = con.execute(
        f"select avg(cast({identifier(mine)} in ({known_keys}) as int)) from {lines.name}"
    ).fetchall()
    return share is not None and share >= 0.8


def _joined(
    con: duckdb.DuckDBPyConnection, lines: Look, mine: str, heads: Look, theirs: str
) -> Look:
    known_names = {name.lower() for name in lines.values}
    more = [n for n in heads.values if n.lower() not in known_names and "." not in n]
    listed = "".join(f",\n  heads.{identifier(name)}" for name in more)
    select = (
        f"select lines.*{listed}\nfrom {{file}} as lines\ninner join {{heads}} as heads"
        f" on lines.{identifier(mine)} = heads.{identifier(theirs)}"
    )
    options = {"select": select, "joined": {"heads": str(heads.largest)}}
    return look_at(con, lines.files, f"{lines.table} joined", options)
