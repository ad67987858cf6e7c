"""Machines that lack something, and damaged files: what a run says, and what the next one makes.

    python -m benchmarks.poor_machines [--only disk memory damage rights]

A demo shop with good marts and new files waiting is run on a nearly full disk (32, 64 or 128 MB are
left; needs root), with 1, 1.5 or 2 GB of address space, with each file that the product owns cut,
overwritten or emptied, and with parts of its folder that may not be written or read (as a user who
is not root: by a Python that such a user may start). Printed is the exit code, what readers find,
and what was said; then the fault is taken away, and the next run has to make what an undisturbed
one makes. The exit code is 1 if one did not, or if a run ended in any other way than README says.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster_project.settings import OFFLINE, ROOT
from dagster_project.warehouse.project import MANIFEST
from tests.support.kills import Scene

NOBODY = 65534
#: What dbt has made of the project, beside its manifest.
_PARSED = ("manifest.json", "partial_parse.msgpack", "parsed_from")
Fault = Callable[[Path], None]


def main() -> int:
    """Run all and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    kinds = ("disk", "memory", "damage", "rights")
    parser.add_argument("--only", nargs="+", choices=kinds, default=kinds)
    given = parser.parse_args()
    os.environ.update(OFFLINE)
    with tempfile.TemporaryDirectory() as room:
        Path(room).chmod(0o755)
        folder = Path(room) / "shop"
        folder.mkdir()
        scene = Scene(folder)
        print(
            "| machine | exit code | readers find | said last | next run |\n|---|---|---|---|---|"
        )
        failures = 0
        for kind in given.only:
            for name, prepared in _CASES[kind](scene):
                failures += not _tried(scene, name, *prepared)
    print(f"\n{failures or 'no'} failures")
    return 1 if failures else 0


def _tried(scene: Scene, name: str, prefix: list[str], spoil: Fault, mend: Fault) -> bool:
    """Run under the fault, and once more without it; whether both were as they should be."""
    folder = scene.folder / "tried"
    if not folder.exists():
        shutil.copytree(scene.folder / "good", folder)
    spoil(folder)
    code, said = _run(scene, folder, prefix)
    found = "nothing"
    if scene.marts_file("tried").exists():
        try:
            marts = scene.marts("tried")
            found = {True: "last good"}.get(marts == scene.first.marts, "**neither**")
            found = "new" if marts == scene.second.marts else found
        except Exception as error:  # what a reader would meet is what is asked
            found = f"{type(error).__name__}"
    mend(folder)
    again, told = _run(scene, folder, [])
    is_equal = again == 0 and scene.marts("tried") == scene.second.marts
    verdict = "equal" if is_equal else f"**{again}**: {told}"
    print(f"| {name} | {code} | {found} | {said[:300]} | {verdict} |", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    ends = {(0, "new"), (1, "last good"), (2, "last good")}
    # published, but the report of it could not be written
    ends |= {(2, "new")} if "published__report" in said else set()
    return is_equal and (code, found) in ends


def _run(scene: Scene, folder: Path, prefix: list[str]) -> tuple[int, str]:
    command = [*prefix, sys.executable, "-m", "dagster_project.commands.cli", "run"]
    command += ["--exports", str(scene.exports), "--warehouse", str(folder)]
    home = {"DAGSTER_HOME": str(scene.home)}
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | home, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stderr.splitlines() if "rror" in line or line.startswith("red")]
    return done.returncode, (lines or [""])[0].replace("|", "/")


Prepared = tuple[list[str], Fault, Fault]


def _nothing(_: Path) -> None:
    """Leave it."""


def _disks(scene: Scene) -> Iterator[tuple[str, Prepared]]:
    for megabytes in (32, 64, 128):
        target = scene.folder / "tried"
        with _mounted(target, scene.folder / "good", megabytes) as grow:
            yield f"{megabytes} MB of disk left", ([], _nothing, grow)


@contextmanager
def _mounted(target: Path, content: Path, megabytes: int) -> Iterator[Fault]:
    """A file system with so much room beside the content; what is yielded gives it more."""
    used = sum(path.stat().st_size for path in content.rglob("*") if path.is_file()) >> 20
    target.mkdir()
    size = f"size={used + megabytes + 1}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(target)], check=True)
    shutil.copytree(content, target, dirs_exist_ok=True)

    def grow(_: Path) -> None:
        subprocess.run(["mount", "-o", "remount,size=2g", str(target)], check=True)

    try:
        yield grow
    finally:
        subprocess.run(["umount", str(target)], check=True)
        target.rmdir()


def _memories(scene: Scene) -> Iterator[tuple[str, Prepared]]:
    for megabytes in (1024, 1536, 2048):
        limit = ["prlimit", f"--as={megabytes << 20}"]
        yield f"{megabytes} MB of address space", (limit, _nothing, _nothing)


def _damages(scene: Scene) -> Iterator[tuple[str, Prepared]]:
    good = scene.folder / "good"
    files = ["marts.duckdb", "build.duckdb", "rejects.parquet", "data_docs/index.html"]
    files += ["report/index.html", "dbt/dbt.log", "lock"]
    files += [str(next((good / "checks").rglob("*.json")).relative_to(good))]
    files += [str(path.relative_to(good)) for path in sorted((good / "kept").iterdir())[:1]]
    rng = random.Random(0)
    ways: dict[str, Callable[[bytes], bytes]] = {
        "cut": lambda whole: whole[: len(whole) // 2],
        "overwritten": lambda whole: rng.randbytes(max(len(whole), 64)),
        "empty": lambda _: b"",
    }
    # outside the warehouse, and written anew by whoever finds them so
    shared = [scene.home / name for name in ("history/runs.db", "history/runs/index.db")]
    shared += [scene.home / "schedules/schedules.db"]
    shared += [MANIFEST.with_name(name) for name in _PARSED]
    for name in files:
        for way, damage in ways.items():
            yield f"{name} {way}", ([], _damaged(name, damage), _moved_away(name))
    for path in shared:
        for way, damage in ways.items():
            yield f"{path.parent.name}/{path.name} {way}", ([], _damaged(path, damage), _nothing)


def _damaged(name: str | Path, damage: Callable[[bytes], bytes]) -> Fault:
    def spoil(folder: Path) -> None:
        path = folder / name
        whole = path.read_bytes()
        path.unlink()
        path.write_bytes(damage(whole))

    return spoil


def _moved_away(name: str) -> Fault:
    """A damaged build file is moved away by hand, as the run says; the rest mends itself."""
    return (lambda folder: (folder / name).unlink()) if name == "build.duckdb" else _nothing


def _rights(scene: Scene) -> Iterator[tuple[str, Prepared]]:
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]

    def given_to_nobody(folder: Path) -> None:
        for owned in (folder, scene.home, MANIFEST.parent):
            for path in (owned, *owned.rglob("*")):
                os.chown(path, NOBODY, NOBODY)

    def without(name: str, mode: int) -> Fault:
        def spoil(folder: Path) -> None:
            given_to_nobody(folder)
            (folder / name).chmod(mode)

        return spoil

    def back(name: str) -> Fault:
        return lambda folder: (folder / name).chmod(0o755)

    names = [".", "build.duckdb", "marts.duckdb", "checks", "data_docs", "report", "kept"]
    names += ["dbt", "rejects.parquet", "lock", str(scene.home / "history")]
    for name in names:
        for word, mode in (("read-only", 0o555), ("unreadable", 0o000)):
            yield f"{Path(name).name or name} {word}", (user, without(name, mode), back(name))


_CASES: dict[str, Callable[[Scene], Iterator[tuple[str, Prepared]]]] = {
    "disk": _disks,
    "memory": _memories,
    "damage": _damages,
    "rights": _rights,
}


if __name__ == "__main__":
    sys.exit(main())
