"""The newsletters: a campaign every quarter, to all who signed up and consent to e-mail."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from dagster_project.demo.delivered.rows import Export, customer_ids, to_utc_text
from dagster_project.demo.draws.clock import to_utc
from dagster_project.demo.draws.shop import Shop
from dagster_project.demo.parameters import DAY, IntArray, day_number

STATUSES = ("sent", "delivered", "bounced", "opened", "clicked", "unsubscribed")
DELIVERED, OPENED, CLICKED, UNSUBSCRIBED = 0.98, 0.35, 0.2, 0.005  # each of the one before it
MONTHS_BETWEEN = 3


def message_export(shop: Shop, customers: Export) -> Export:
    """Every message with each status it reached; `customers` says who consents."""
    rng, parameters, people = shop.parameters.rng(15), shop.parameters, shop.people
    consents = np.array(customers.columns["Mail OK"]) == "yes"
    parts: list[tuple[IntArray, IntArray, IntArray, list[str]]] = []
    for month in range(MONTHS_BETWEEN - 1, parameters.months, MONTHS_BETWEEN):
        start = parameters.month_start(month)
        sent_at = (day_number(start) + 9) * DAY + 9 * 3600
        campaign = f"news_{start:%Y_%m}"
        to = np.flatnonzero(consents & ~people.is_test & (people.signed_up_at < sent_at))
        arrives = rng.random(to.size) < DELIVERED
        opens = arrives & (rng.random(to.size) < OPENED)
        clicks = opens & (rng.random(to.size) < CLICKED)
        leaves = opens & (rng.random(to.size) < UNSUBSCRIBED / OPENED)
        opened_at = sent_at + rng.integers(300, 2 * DAY, to.size)
        reached = (np.ones(to.size, dtype=np.bool_), arrives, ~arrives, opens, clicks, leaves)
        arrived_at = np.full(to.size, sent_at + 30)
        moments = [np.full(to.size, sent_at), arrived_at, arrived_at]
        moments += [opened_at, opened_at + 20, opened_at + 60]
        for status, happens in enumerate(reached):
            who, count = to[happens], int(happens.sum())
            when = moments[status][happens]
            parts.append((who, np.full(count, status), when, [campaign] * count))

    person, statuses, at = (np.concatenate([part[i] for part in parts]) for i in range(3))
    campaigns = [campaign for part in parts for campaign in part[3]]
    ids = customer_ids(person)
    columns = {
        "mail_id": [f"{campaign}-{i}" for campaign, i in zip(campaigns, ids, strict=True)],
        "user_id": ids,
        "medium": ["e-mail"] * person.size,
        "event": [STATUSES[index] for index in statuses.tolist()],
        "event_time": to_utc_text(at),
        "campaign": campaigns,
    }
    return Export(
        name="messages",
        file_name="messages_newsletter_{day}.csv",
        joiner=",",
        header=",".join(columns),
        columns=columns,
        key="mail_id",
        period=np.zeros(person.size, dtype=np.int64),
        day=to_utc(at) // DAY,
        deliveries=[parameters.month_start(parameters.months)],
    )


def messages_truth(messages: Export) -> dict[str, dict[str, Any]]:
    """Messages of each campaign that reached each status."""
    pairs = zip(messages.columns["campaign"], messages.columns["event"], strict=True)
    counts: dict[str, dict[str, Any]] = {}
    for (campaign, status), count in sorted(Counter(pairs).items()):
        counts.setdefault(campaign, {})[status] = count
    return counts
