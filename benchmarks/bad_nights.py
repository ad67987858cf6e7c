"""Nights that went wrong after nights that did not: which of them the gates see.

    python -m benchmarks.bad_nights [--sizes 40 400] [--only NAME ...] [--honest 60] [--quick]

A made-up shop is followed for 30 nights, and then each way of going wrong is tried from there on,
by `retention run`; where it has to be `quick`, by loader, staging and the gates' rules alone. Then
a shop is followed for honest nights that are not ordinary: a first fortnight, a closed day, a Black
Friday, a launch, a late file, a backfill. Printed is what was said of each, but for what is said
every night. The exit code is 1 if a night that moves revenue, orders or customers of the month by
over 2 % passed in silence, or if honest nights were red or warned of more than once.
"""

import argparse
import copy
import datetime as dt
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from dagster_project.settings import OFFLINE, ROOT
from tests.support.nights import FULL, NIGHTLY, Shop, Spoil, day

#: Severity, export and text of what is said.
Told = list[tuple[str, str, str]]
NIGHTS = 30
HEADLINES = (
    "select coalesce(sum(amount) filter (status in ('counted', 'refunded')), 0)::double,"
    " count(distinct order_id) filter (status in ('counted', 'refunded')),"
    " count(distinct customer_id) from staging.stg_order_rows where row_status = 'used'"
)


def main() -> int:
    """Run all and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[40, 400], help="orders a night")
    parser.add_argument("--only", nargs="+", help="the names of the nights to try")
    parser.add_argument("--honest", type=int, default=60, help="so many honest nights")
    parser.add_argument("--quick", action="store_true", help="without runs")
    given = parser.parse_args()
    os.environ.update(OFFLINE)
    silent = warned = red = 0
    with tempfile.TemporaryDirectory() as room:
        for size in given.sizes:
            for full, kinds in ((False, NIGHTLY), (True, FULL)):
                wanted = {n: s for n, s in kinds.items() if given.only is None or n in given.only}
                if wanted:
                    silent += _spoiled(Path(room), size, full, wanted, given.quick)
        for size in given.sizes if given.honest else ():
            found = _honest(Path(room), size, given.honest, given.quick)
            warned += found.count("warning")
            red += found.count("critical")
    print(
        f"\n{silent} silent that move a figure by over 2 %;"
        f" of honest nights {red} red, {warned} warned of"
    )
    return 1 if silent or red or warned > len(given.sizes) else 0


def _spoiled(room: Path, size: int, full: bool, kinds: dict[str, Spoil], quick: bool) -> int:
    start = room / f"{size} {full}"
    start.mkdir()
    shop = Shop(start, size, full)
    for number in range(NIGHTS):
        shop.deliver(day(number), shop.night(day(number)))
    always = _judged(shop, quick)
    form = "one file, written over" if full else "a file a night"
    print(f"\n{size} orders a night, {form}; first: {always or 'quiet'}\n")
    print("| night | said | moves by | what was said |\n|---|---|---|---|")
    silent = 0
    date = day(NIGHTS)
    honest = None
    for name, spoil in {"an honest night": lambda *_: None, **kinds}.items():
        folder = room / f"tried {size} {full}"
        shutil.copytree(start, folder)
        tried = Shop(folder, size, full, sent=copy.deepcopy(shop.sent))
        tables = tried.night(date)
        spoil(tried, date, tables)
        tried.deliver(date, tables)
        told = _news(_judged(tried, quick), always)
        figures = _figures(folder)
        honest = honest or figures
        moved = max(abs(b - a) / a for a, b in zip(honest, figures, strict=True))
        worst = "red" if any(t[0] == "critical" for t in told) else "warned" if told else "silent"
        is_bad = worst == "silent" and moved > 0.02
        silent += is_bad
        text = "; ".join(said for *_, said in told).replace("|", "/").replace("\n", " ")
        print(
            f"| {name} | {'**silent**' if is_bad else worst} | {moved:.1%} | {text[:400]} |",
            flush=True,
        )
        shutil.rmtree(folder)
    return silent


def _news(told: Told, always: Told) -> Told:
    """What is said but not every night, in whatever numbers."""
    known = {re.sub(r"[\d,.]+", "", said) for *_, said in always}
    return [one for one in told if re.sub(r"[\d,.]+", "", one[2]) not in known]


def _judged(shop: Shop, quick: bool) -> Told:
    """Severity, export and text of what a run, or the rules alone, say of what is there."""
    if quick:
        return shop.judged()
    command = [sys.executable, "-m", "dagster_project.commands.cli", "run", "--json"]
    command += ["--exports", str(shop.configured()), "--warehouse", str(shop.folder / "warehouse")]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    told = json.loads(done.stdout)
    found = [("warning", "", said) for said in told["warnings"]]
    if done.returncode:
        found += [("critical", "", said) for said in told["errors"] or [told["status"]]]
    return found


def _figures(folder: Path) -> tuple[float, ...]:
    (build,) = folder.glob("**/build.duckdb")
    with duckdb.connect(str(build), read_only=True) as con:
        return con.execute(HEADLINES).fetchall()[0]


def _honest(room: Path, size: int, nights: int, quick: bool) -> list[str]:
    """Follow an honest shop; the severities of what was said."""
    folder = room / f"honest {size}"
    folder.mkdir()
    shop = Shop(folder, size, seed=1)
    print(f"\n{size} orders a night, honest\n")
    found = []
    always: Told = []
    for number in range(nights):
        date = day(number)
        name, late = "", None
        tables = shop.night(date)
        if number == 25:
            name, tables = "a closed day", shop.night(date, times=0)
        elif number == 40:
            name, tables = "Black Friday", shop.night(date, times=5, price=0.7, mail=0.3)
        elif number == 46:
            name, tables = "a launch", shop.night(date, times=3, new=0.85, launch=0.6)
        elif number == 50:
            name, late = "its file is late", tables
        elif number == 53:
            name = "the late file, and late rows"
            tables["orders"] += shop.night(day(52))["orders"][-5:]
            shop.deliver(day(50), shop.night(day(50)))
        elif number == 55:
            name = "a backfill"
            before = [date - dt.timedelta(days=n) for n in range(100, 60, -1)]
            nights_before = [shop.night(each) for each in before]
            for export in ("customers", "orders"):
                rows = [row for each in nights_before for row in each[export]]
                shop.write(f"{export}_backfill.csv", export, rows, date)
        if late is None:
            shop.deliver(date, tables)
        told = _judged(shop, quick) if late is None else []
        always = told if number == 0 else always
        told = _news(told, always)
        found += [severity for severity, *_ in told]
        if told or name:
            text = "; ".join(f"{severity} {export}: {said}" for severity, export, said in told)
            print(f"{number + 1} {name}: {text[:600] or 'quiet'}", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
