"""Paid campaigns: which visits they bring, what is spent on them, and two that fail for a while.

Visits and orders are drawn without them; they only say which campaign a visit came by. An order's
visit rarely comes by the campaign whose landing page is broken, so that few of its visits buy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dagster_project.demo.delivered.rows import Export, pick
from dagster_project.demo.draws.clock import month_of, to_local
from dagster_project.demo.draws.shop import Shop
from dagster_project.demo.draws.visits import ORDER
from dagster_project.demo.parameters import DAY, SOURCES, BoolArray, IntArray, ShopParameters

ADVERTISED = (SOURCES.index("google_ads"), SOURCES.index("instagram"))
CAMPAIGNS = ("always_on", "spring_launch", "gift_finder")
CAMPAIGN_SHARES = (0.4, 0.3, 0.3)
LANDING_PAGES = ("/category/mugs", "/sale", "/gifts")
CLICK_PRICES = {"google_ads": 40, "instagram": 25}  # pence
CLICK_RATES = {"google_ads": 0.04, "instagram": 0.015}

BROKEN_PAGE = (SOURCES.index("google_ads"), CAMPAIGNS.index("gift_finder"))
KEPT_ORDERS = 0.15  # of the orders that the page would have brought
BAD_AD = (SOURCES.index("instagram"), CAMPAIGNS.index("always_on"))
BAD_AD_CLICKS = 0.25  # of the usual click rate
FAILING_MONTHS = 2


@dataclass(frozen=True)
class Ads:
    """Each session's campaign, an index into CAMPAIGNS or -1, and its local month and day."""

    campaign: IntArray
    month: IntArray  # from `starts_on`
    day: IntArray  # local, days since 1970


def failing_months(parameters: ShopParameters) -> range:
    """The months, from `starts_on`, in which the page is broken and the ad is bad."""
    return range(parameters.months - FAILING_MONTHS - 1, parameters.months - 1)


def draw_ads(shop: Shop) -> Ads:
    """Draw the campaign that each session from an advertised source came by."""
    sessions, rng = shop.sessions, shop.parameters.rng(13)
    local = to_local(sessions.started_at)
    month = month_of(local, shop.parameters.starts_on)
    count = len(sessions)
    campaign = rng.choice(len(CAMPAIGNS), count, p=CAMPAIGN_SHARES)
    source, page = BROKEN_PAGE
    lost = _of(sessions.source, campaign, source, page) & _failing(shop, month)
    lost &= (sessions.kind == ORDER) & (rng.random(count) >= KEPT_ORDERS)
    campaign = np.where(lost, rng.integers(0, page, count), campaign)
    campaign = np.where(np.isin(sessions.source, ADVERTISED), campaign, -1)
    return Ads(campaign, month, local // DAY)


def spend_export(shop: Shop, ads: Ads) -> Export:
    """A row per day, source and campaign: what was shown and clicked, and what that cost."""
    rng, parameters = shop.parameters.rng(14), shop.parameters
    days = np.arange(parameters.first_day, parameters.end_day)
    cells = [(s, c, day) for s in ADVERTISED for c in range(len(CAMPAIGNS)) for day in days]
    source, campaign, day = np.array(cells).T
    seen = np.zeros((len(SOURCES), len(CAMPAIGNS), days.size), dtype=np.int64)
    paid = ads.campaign >= 0
    place = (shop.sessions.source[paid], ads.campaign[paid], ads.day[paid] - parameters.first_day)
    np.add.at(seen, place, 1)

    # some click and are gone before the visit is counted
    visits = seen[source, campaign, day - parameters.first_day]
    clicks = visits + rng.binomial(visits, 0.1)
    month = month_of(day * DAY, parameters.starts_on)
    rate = np.array([CLICK_RATES.get(name, 1.0) for name in SOURCES])[source]
    is_bad = _of(source, campaign, *BAD_AD) & _failing(shop, month)
    rate = rate * np.where(is_bad, BAD_AD_CLICKS, 1.0)
    shown = clicks + rng.negative_binomial(np.maximum(clicks, 1), rate)
    price = np.array([CLICK_PRICES.get(name, 0) for name in SOURCES])[source]
    columns = {
        "Day": np.datetime_as_string(day.astype("datetime64[D]")).tolist(),
        "Network": pick(SOURCES, source),
        "Campaign": pick(CAMPAIGNS, campaign),
        "Final URL": pick(LANDING_PAGES, campaign),
        "Impressions": list(map(str, shown.tolist())),
        "Clicks": list(map(str, clicks.tolist())),
        "Spend": [f"{pence / 100:.2f}" for pence in (clicks * price).tolist()],
    }
    return Export(
        name="marketing_spend",
        file_name="ads_{day}.csv",
        joiner=",",
        header=",".join(columns),
        columns=columns,
        key="Day",
        period=np.zeros(day.size, dtype=np.int64),
        day=day,
        deliveries=[parameters.month_start(parameters.months)],
    )


def ads_truth(shop: Shop) -> list[dict[str, Any]]:
    """The campaigns that fail, when, and from what; nothing is wrong with the others."""
    months = [shop.parameters.month_start(m).isoformat() for m in failing_months(shop.parameters)]
    return [
        {
            "source": SOURCES[source],
            "campaign": CAMPAIGNS[campaign],
            "landing_page": LANDING_PAGES[campaign],
            "months": months,
            "diagnosis": diagnosis,
        }
        for (source, campaign), diagnosis in ((BROKEN_PAGE, "landing page"), (BAD_AD, "ad"))
    ]


def _failing(shop: Shop, month: IntArray) -> BoolArray:
    return np.isin(month, list(failing_months(shop.parameters)))


def _of(sources: IntArray, campaigns: IntArray, source: int, campaign: int) -> BoolArray:
    return (sources == source) & (campaigns == campaign)
