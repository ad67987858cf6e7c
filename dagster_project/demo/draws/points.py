"""The loyalty programme. Its members are drawn at random: they stay and spend as others do."""

from __future__ import annotations

import numpy as np

from dagster_project.demo.delivered.crm_files import one_file, own_orders
from dagster_project.demo.delivered.rows import Export, customer_ids, order_numbers, to_utc_text
from dagster_project.demo.draws.shop import Shop

MEMBER_SHARE = 0.35
REDEEM_SHARE, REDEEM_FROM = 0.2, 100  # of orders, from this many points on
EXPIRE_SHARE = 0.3  # of the balance, when a year ends


def loyalty_export(shop: Shop) -> Export:
    """Points of members: one for each unit of money paid, redeemed at times, some expiring."""
    rng, orders = shop.parameters.rng(17), shop.orders
    is_member = rng.random(len(shop.people)) < MEMBER_SHARE
    rows = np.flatnonzero(own_orders(shop))
    rows = rows[is_member[orders.person[rows]]]
    redeems = rng.random(rows.size) < REDEEM_SHARE
    numbers = order_numbers(len(orders))
    year = orders.placed_at.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64)
    balance: dict[int, int] = {}
    latest: dict[int, int] = {}
    moved: list[tuple[int, int, str, int, str]] = []  # person, when, kind, points, order
    for row, redeem in zip(rows.tolist(), redeems.tolist(), strict=True):
        person, at = int(orders.person[row]), int(orders.placed_at[row])
        points = balance.get(person, 0)
        if person in latest and latest[person] < year[row] and points:
            lost = int(points * EXPIRE_SHARE)
            new_year = np.datetime64(int(year[row]), "Y").astype("datetime64[s]")
            moved.append((person, int(new_year.astype(np.int64)), "expired", -lost, ""))
            points -= lost
        if redeem and points >= REDEEM_FROM:
            moved.append((person, at, "redeemed", -REDEEM_FROM, numbers[row]))
            points -= REDEEM_FROM
        earned = int(orders.amount[row]) // 100
        moved.append((person, at + 60, "accrued", earned, numbers[row]))
        balance[person], latest[person] = points + earned, int(year[row])
    booked_at = np.array([move[1] for move in moved], dtype=np.int64)
    columns = {
        "Client ID": customer_ids(np.array([move[0] for move in moved], dtype=np.int64)),
        "Transaction Date": to_utc_text(booked_at),
        "Movement": [move[2] for move in moved],
        "Points": [str(move[3]) for move in moved],
        "Order Number": [move[4] for move in moved],
    }
    return one_file(shop, "loyalty_points", "points_{day}.csv", columns, "Client ID", booked_at)


def loyalty_truth(points: Export) -> dict[str, int]:
    """Members, and points of each kind, above zero."""
    truth = {"members": len(set(points.columns["Client ID"]))}
    kinds, values = points.columns["Movement"], points.columns["Points"]
    for kind in ("accrued", "redeemed", "expired"):
        of_kind = [int(v) for k, v in zip(kinds, values, strict=True) if k == kind]
        truth[kind] = abs(sum(of_kind))
    return truth
