"""Writing: deliveries to files, tables to gzipped CSV; the same input gives the same bytes."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from dagster_project.demo.delivered.dirty_data import GARBLED, Delivered


def write_text(path: Path, lines: Iterable[str]) -> None:
    """Write lines, gzipped without a time stamp if the name says so."""
    data = ("\n".join(lines) + "\n").encode()
    if path.suffix == ".gz":
        data = gzip.compress(data, compresslevel=3, mtime=0)
    path.write_bytes(data)


def write_table(path: Path, columns: dict[str, Sequence[object]]) -> None:
    """Write columns of plain values (nothing to quote) as CSV."""
    rows = zip(*([str(value) for value in values] for values in columns.values()), strict=True)
    write_text(path, [",".join(columns), *map(",".join, rows)])


def write_deliveries(
    folder: Path, delivered: Delivered, rng: np.random.Generator
) -> list[dict[str, object]]:
    """Write one file per delivery, rows shuffled; return where each garbled row ended up.

    `line` counts from 1 and includes the header.
    """
    export = delivered.export
    header = [] if export.header is None else [export.header]
    delivery = np.array(delivered.delivery)
    garbled: list[dict[str, object]] = []
    for number, name in enumerate(export.file_names()):
        rows = rng.permutation(np.flatnonzero(delivery == number)).tolist()
        write_text(folder / name, [*header, *(delivered.lines[row] for row in rows)])
        garbled += [
            {
                "export": export.name,
                "file": name,
                "line": position + len(header) + 1,
                "kind": delivered.kind[row],
                "key": delivered.key[row],
            }
            for position, row in enumerate(rows)
            if delivered.kind[row] in GARBLED
        ]
    return garbled
