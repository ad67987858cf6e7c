"""Nights that go wrong, whole runs, increments in random order and kills at random moments.

    python -m benchmarks.soak [--nights 300] [--whole] [--increments 100] [--kills 50] [--seed 0]

Nights: a shop is followed through late, changed and missing files, other mappings, wrong clocks,
kills, full disks and two runs at once; after each night the marts are recounted in plain Python.

Whole runs: the nightly job with its gates, over what the tests build only the figures of that they
ask. They are left out by --no-whole.

Increments: small shops delivered step by step are compared, row for row, with all of it at once.
Kills: `retention run` on a demo is killed with its children while a reader looks on, every second
time while it publishes, every tenth while dbt parses; the next run has to make what an undisturbed
one makes, and the reader may meet nothing but the two states.
The exit code is 1 if anything differed.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from dagster_project.settings import OFFLINE
from tests.marts.test_crm import write_exports
from tests.support.increments import KINDS, differences, draw
from tests.support.kills import Digest, Killed, Scene, Seen, reader
from tests.support.line import Line
from tests.support.shops import DATA_SETS, preset, run_shop
from tests.support.soak import Soak

#: Whole runs that the tests leave out: of real data, and of shops with this export alone.
DATA, ALONE = ("cdnow", "complete_journey", "ga4"), ("orders", "surveys")


def main() -> int:
    """Run all and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--nights", type=int, default=300)
    parser.add_argument("--whole", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--increments", type=int, default=100, help="shops")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0, help="the first shop's, and of the moments")
    given = parser.parse_args()
    os.environ.update(OFFLINE)
    with tempfile.TemporaryDirectory() as room:
        os.environ["DAGSTER_HOME"] = room
        failures = _nights(Path(room), given.nights, given.seed)
        failures += _whole_runs(Path(room)) if given.whole else 0
        failures += _increments(Path(room), range(given.seed, given.seed + given.increments))
        failures += _kills(Path(room), given.kills, given.seed)
    print(f"\n{failures or 'no'} failures")
    return 1 if failures else 0


def _nights(room: Path, nights: int, seed: int) -> int:
    if not nights:
        return 0
    print("| night | what befell it | seconds | published nothing, saying | recounted |")
    print("|---|---|---|---|---|")
    (room / "nights").mkdir()
    started = time.monotonic()
    failures = 0
    for night in Soak(room / "nights", nights, seed).follow():
        failures += bool(night.wrong)
        verdict = "**no**: " + "; ".join(night.wrong)[:2000] if night.wrong else "equal"
        said = " ".join(night.said.split())[-200:].replace("|", "/")
        seconds = time.monotonic() - started
        started += seconds
        print(f"| {night.number} | {night.name} | {seconds:.1f} | {said} | {verdict} |", flush=True)
    print(f"\n{nights - failures} of {nights} equal\n")
    return failures


def _whole_runs(room: Path) -> int:
    print("| whole run | seconds | green |")
    print("|---|---|---|")
    failures = 0
    for name in (*DATA, *ALONE):
        folder = room / "whole" / name
        folder.mkdir(parents=True)
        if name in DATA:
            config = preset(name, DATA_SETS / name)
        else:
            exports = write_exports(folder, [name])
            config = {"settings": {"base_currency": "GBP"}, "exports": exports}
        started = time.monotonic()
        green = run_shop(folder, config).result.success
        failures += not green
        verdict = "yes" if green else "**no**"
        print(f"| {name} | {time.monotonic() - started:.1f} | {verdict} |", flush=True)
    print()
    return failures


def _increments(room: Path, seeds: range) -> int:
    if not seeds:
        return 0
    print("| seed | kind | files by step | seconds | equal to one full rebuild |")
    print("|---|---|---|---|---|")
    # one folder a kind: dbt is parsed once for each set of settings
    folders = [room / kind for kind in KINDS]
    for folder in folders:
        folder.mkdir()
    lines = {kind: Line(folder) for kind, folder in zip(KINDS, folders, strict=True)}
    failures = 0
    for seed in seeds:
        started = time.monotonic()
        shop = draw(seed, steps=3 + seed % 2)
        try:
            found = differences(lines[shop.kind], shop)
        except AssertionError as error:
            found = [f"a model or a test of dbt's failed: {error}"]
        failures += bool(found)
        cut = ", ".join(str(len(files)) for _, files in shop.steps)
        verdict = "**no**: " + "; ".join(found)[:2000] if found else "yes"
        seconds = time.monotonic() - started
        print(f"| {seed} | {shop.kind} | {cut} | {seconds:.1f} | {verdict} |", flush=True)
    print(f"\n{len(seeds) - failures} of {len(seeds)} equal\n")
    return failures


def _kills(room: Path, kills: int, seed: int) -> int:
    if not kills:
        return 0
    folder = room / "kills"
    folder.mkdir()
    scene = Scene(folder)
    rng = random.Random(seed)
    names: list[tuple[Digest | None, str]] = [
        (None, "none yet"),
        (scene.first.marts, "last good"),
        (scene.second.marts, "new"),
    ]

    def called(marts: Digest | None) -> str:
        return next((name for known, name in names if known == marts), "**neither**")

    print(
        f"undisturbed: {scene.first.seconds:.1f} s from nothing, {scene.second.seconds:.1f} s on\n"
    )
    print("| kill | from | moment | reached | marts left | recovered | reads | reader met |")
    print("|---|---|---|---|---|---|---|---|")
    outcomes: Counter[str] = Counter()
    phases: Counter[str] = Counter()
    failures = 0
    for number in range(kills):
        has_marts = number % 4 < 2
        warehouse = scene.victim(has_marts)
        seen: list[Seen] = []
        with reader(scene.marts_file(warehouse), seen):
            killed = _kill(scene, warehouse, has_marts, number, rng)
            try:
                recovered = scene.undisturbed(warehouse).marts == scene.second.marts
            except AssertionError as error:
                print(error, file=sys.stderr)
                recovered = False
        (found,) = seen
        start = "last good" if has_marts else "none yet"
        met = [called(state) for state in found.states]
        fine = (
            recovered
            and not found.errors
            and called(killed.marts) in (start, "new")
            and all(name in (start, "new") for name in met)
        )
        failures += not fine
        outcomes["killed" if killed.code == -9 else "at its end already"] += 1
        phases[killed.phase] += 1
        print(
            f"| {number + 1} | {start} | {killed.seconds:.1f} s | {killed.phase[:60]} |"
            f" {called(killed.marts)} | {'yes' if recovered else '**no**'} | {found.reads} |"
            f" {', '.join([*met, *found.errors])} |",
            flush=True,
        )
    told = ", ".join(f"{count} {name}" for name, count in outcomes.items())
    inside = f"{phases['publishing']} inside publishing, {phases['parsing']} inside dbt's parse"
    print(f"\n{kills - failures} of {kills} recovered with equal marts ({told}; {inside})")
    return failures


def _kill(scene: Scene, warehouse: str, has_marts: bool, number: int, rng: random.Random) -> Killed:
    if number % 2:
        return scene.kill_while_publishing(warehouse, rng.uniform(0, 0.5))
    if number % 10 == 0:
        return scene.kill_while_parsing(warehouse, rng.uniform(0, 3))
    return scene.kill(warehouse, has_marts, rng.random())


if __name__ == "__main__":
    sys.exit(main())
