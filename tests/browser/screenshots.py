"""The pictures of docs/, by hand after `make run`: `python -m tests.browser.screenshots`.

lineage.png shows how the groups follow from each other, group.png a mart that was made by itself,
report.png the top of the report.
"""

from playwright.sync_api import Page, ViewportSize

from dagster_project.settings import ROOT, warehouse_folder
from dagster_project.warehouse.files import Warehouse

from .ui import browser, materialize_in_group, serve

GROUP, MART = "churn", "churn_bridge"
WINDOW: ViewportSize = {"width": 1500, "height": 640}
REPORT: ViewportSize = {"width": 1240, "height": 1240}


def main() -> None:
    """Take the report and both pages of the UI, with the states of the last run."""
    with browser() as chromium:
        page = chromium.new_page(viewport=REPORT)
        page.goto(Warehouse(warehouse_folder()).report_file.as_uri())
        _take(page, "report")
    with serve(Warehouse(warehouse_folder()).dagster_home, {}) as address, browser() as chromium:
        page = chromium.new_page(viewport=WINDOW, base_url=address)
        page.set_default_timeout(60_000)
        page.goto("/asset-groups")
        page.get_by_text("staging").last.wait_for()
        _take(page, "lineage")
        materialize_in_group(page, GROUP, MART)
        page.wait_for_timeout(30_000)  # until the run is over
        _take(page, "group")


def _take(page: Page, name: str) -> None:
    page.wait_for_timeout(5_000)  # the states of the assets arrive one after the other
    path = ROOT / f"docs/{name}.png"
    page.screenshot(path=path)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
