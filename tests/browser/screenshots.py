"""docs/lineage.png anew, by hand after `make run`: `python -m tests.browser.screenshots`."""

from urllib.parse import quote

from playwright.sync_api import ViewportSize

from dagster_project.settings import DAGSTER_HOME, ROOT

from .ui import browser, serve

# all other groups stay boxes: Dagster lays long ones out over screens
EXPANDED = ["exports", "published"]
GROUP = "global@global:"
WINDOW: ViewportSize = {"width": 1500, "height": 640}


def main() -> None:
    """Take the global lineage page, with the states of the last run."""
    path = ROOT / "docs/lineage.png"
    expanded = ",".join(GROUP + group for group in EXPANDED)
    with serve(DAGSTER_HOME, {}) as address, browser() as chromium:
        page = chromium.new_page(viewport=WINDOW)
        page.goto(address)
        page.get_by_text("Hide navigation").click()
        page.goto(f"{address}/asset-groups?expanded={quote(expanded, safe=',')}")
        page.get_by_text("staging").last.wait_for()
        page.wait_for_timeout(5_000)  # the states of the assets arrive one after the other
        page.screenshot(path=path)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
