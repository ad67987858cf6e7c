"""Have the demo on disk: written once, written again only when it would differ."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from dagster_project.demo.parameters import DEMO_VERSION, ShopParameters
from dagster_project.demo.simulate import TRUTH, DemoTruth, recorded, simulate

_SUFFIX = ".partial"
_LEFT_BEHIND = 3600  # seconds after which nobody is writing there any more


def read_truth(out_dir: Path) -> DemoTruth:
    """The truth of the demo in `out_dir`. Raises FileNotFoundError where there is none."""
    return DemoTruth(**json.loads((out_dir / TRUTH).read_text(encoding="utf-8")))


def ensure_demo(
    out_dir: Path,
    *,
    seed: int = 7,
    customers: int = 5000,
    starts_on: date = date(2023, 1, 1),
    months: int = 24,
) -> DemoTruth:
    """Write the demo into `out_dir` unless this very one is there already; return its truth.

    It is written into a folder beside it and renamed, so a killed run leaves no partial demo: at
    worst none, and a hidden folder that a run an hour later removes. Raises ValueError if
    `out_dir` holds files which no demo wrote: they would be lost.
    """
    wanted = ShopParameters(seed=seed, customers=customers, starts_on=starts_on, months=months)
    if _is_written(out_dir, wanted):
        return read_truth(out_dir)
    _refuse_to_delete(out_dir)
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{out_dir.name}-"
    for left in out_dir.parent.glob(f"{prefix}*{_SUFFIX}"):
        if time.time() - left.stat().st_mtime > _LEFT_BEHIND:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, suffix=_SUFFIX, dir=out_dir.parent) as room:
        fresh = Path(room) / "new"
        truth = simulate(fresh, seed=seed, customers=customers, starts_on=starts_on, months=months)
        if out_dir.exists():
            out_dir.rename(Path(room) / "old")
        try:
            Path(fresh).rename(out_dir)
        except OSError:
            # somebody else was quicker; theirs serves as well if it is the same
            if not _is_written(out_dir, wanted):
                raise
    return truth


def _is_written(out_dir: Path, wanted: ShopParameters) -> bool:
    found = _recorded_truth(out_dir)
    same_version = found.get("version") == DEMO_VERSION
    return same_version and found.get("parameters") == recorded(wanted)


def _recorded_truth(out_dir: Path) -> dict[str, Any]:
    try:
        found = json.loads((out_dir / TRUTH).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _refuse_to_delete(out_dir: Path) -> None:
    """Raise for files in `out_dir` that the demo there (if any) did not write."""
    if not out_dir.exists():
        return
    ours = {"truth", *_recorded_truth(out_dir).get("files", ())}
    foreign = sorted(path.name for path in out_dir.iterdir() if path.name not in ours)
    if foreign:
        raise ValueError(
            f"{out_dir} holds files the demo did not write ({', '.join(foreign[:3])}): "
            "move them elsewhere or choose another folder"
        )
