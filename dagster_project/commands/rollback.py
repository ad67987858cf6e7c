"""`retention rollback`: earlier marts are published again."""

from ..exports.errors import ExportError
from ..warehouse.files import Warehouse
from ..warehouse.kept import kept, rollback


def list_kept(warehouse: Warehouse) -> None:
    """Print the files that can be gone back to, the newest first."""
    found = kept(warehouse)
    for each in found:
        print(f"{each.name}  up to {each.as_of_date}  run {each.run_id}")
    if not found:
        print(f"nothing is kept in {warehouse.kept_folder} yet: a run does so as it publishes")


def roll_back(warehouse: Warehouse, name: str | None) -> None:
    """Publish the marts of this name, else the ones before the last; see `warehouse.kept`."""
    with warehouse.lock("rollback", print):
        chosen = rollback(warehouse, name)
        _report_of_what_is_published(warehouse)
    print(
        f"published again: {chosen.name}, up to {chosen.as_of_date}. The next run publishes what"
        " the exports come to then: mend what was wrong before it (docs/runbook.md)."
    )


def _report_of_what_is_published(warehouse: Warehouse) -> None:
    """The page of these marts, or none: one of others would contradict them."""
    from ..report.page import write_report

    warehouse.report_file.unlink(missing_ok=True)
    try:
        write_report(warehouse.marts_file, warehouse.report_file)
    except ExportError as error:
        print(f"there is no report of them: {error}")
