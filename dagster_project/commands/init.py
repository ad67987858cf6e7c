"""`retention init`: an exports.yml is proposed for files, and what they come to by it is told."""

from pathlib import Path

from ..exports.config.load import load_config
from ..exports.errors import ExportError
from ..exports.proposal.draft import others_in
from ..exports.proposal.look import SAMPLE_ROWS
from ..exports.proposal.propose import propose, require_files
from .check import check


def init(files: list[Path], output: Path) -> None:
    """Write the proposal and print what a sample comes to.

    Raises ExportError where a file is not there, or there is a proposal already, or it cannot be
    written.
    """
    require_files(files)
    if output.exists():
        raise ExportError(f"{output} exists already; move it away or name another --output")
    if not output.resolve().parent.is_dir():
        raise ExportError(f"{output}: cannot be written (its folder does not exist)")
    proposed = propose(files, output.resolve().parent)
    try:
        output.write_text(proposed, encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{output}: cannot be written ({error.strerror})") from error
    print(f"Wrote {output}. What a sample of the files comes to by it:\n")
    for line in check(load_config(output), SAMPLE_ROWS):
        print(line)
    if others := others_in(proposed):
        print("\nleft out, or put to others:", *others, sep="\n  ")
    print(f"\nDecide each TODO in {output}, then: retention check --exports {output}")
