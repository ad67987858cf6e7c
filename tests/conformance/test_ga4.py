"""Events of Google Analytics with nested parameters, counted from the file in plain Python."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from ..support.line import build_shop
from ..support.shops import DATA_SETS, Shop, preset

DATA = DATA_SETS / "ga4"


@dataclass(frozen=True)
class Event:
    """An event as the file has it, its parameters by name."""

    device: str
    name: str
    day: str
    params: dict[str, Any]

    @property
    def visit(self) -> str:
        return f"{self.device}-{self.params['ga_session_id']['int_value']}"


@pytest.fixture(scope="module")
def events() -> list[Event]:
    rows = duckdb.sql(
        "select user_pseudo_id, event_name, event_date, event_params"
        f" from '{DATA}/ga4_events_sampled_*.parquet'"
    ).fetchall()
    return [
        Event(
            device, name, f"{day[:4]}-{day[4:6]}-{day[6:]}", {p["key"]: p["value"] for p in params}
        )
        for device, name, day, params in rows
    ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build_shop(
        tmp_path_factory.mktemp("ga4"),
        preset("ga4", DATA),
        "active_customers",
        "session_conversion",
        "source_accounting",
    )


def test_every_event_is_used(shop: Shop, events: list[Event]) -> None:
    assert len(events) == 24_219
    assert shop.query(
        "select rows_in_files, rows_used, rows_without_customer from source_accounting"
        " where export = 'events'"
    ) == [(24_219, 24_219, 0)]


def test_parameters_come_out_of_their_nest(shop: Shop, events: list[Event]) -> None:
    def text(event: Event, key: str) -> str | None:
        return event.params[key]["string_value"] if key in event.params else None

    expected = Counter(
        (
            e.device,
            e.name,
            e.visit,
            *(text(e, key) for key in ("page_location", "source", "campaign")),
        )
        for e in events
    )
    with shop.warehouse.connect() as con:
        found = con.execute(
            "select customer_id, event_name, session_id, page, source, campaign from raw.events"
        ).fetchall()
    assert Counter(found) == expected


def test_devices_and_visits(shop: Shop, events: list[Event]) -> None:
    devices, visits = {e.device for e in events}, {e.visit for e in events}
    assert (len(devices), len(visits)) == (19_210, 20_705)
    with shop.warehouse.connect() as con:
        found = con.execute("select session_id, customer_id from core.sessions").fetchall()
    assert len(found) == len(visits)
    assert {visit for visit, _ in found} == visits
    assert {device for _, device in found} == devices


def test_devices_active_with_every_event_on_every_day(shop: Shop, events: list[Event]) -> None:
    # days of the file are those of the property, which is on UTC
    expected = Counter((name, day) for _, name, day in {(e.device, e.name, e.day) for e in events})
    found = shop.query(
        "select activity, cast(activity_date as varchar), dau from active_customers"
        " where dau > 0 and activity not in ('any', 'session')"
    )
    assert {(name, day): devices for name, day, devices in found} == expected
