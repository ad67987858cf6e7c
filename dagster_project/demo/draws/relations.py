"""What customers say, recommend and redeem: answers, invitations, coupons.

The loyal answer better. Customers who were invited are drawn like all others: those who buy spend
as much and stay as long.
"""

from __future__ import annotations

import numpy as np

from dagster_project.demo.delivered.crm_files import one_file, own_orders
from dagster_project.demo.delivered.rows import (
    Export,
    customer_ids,
    order_numbers,
    pick,
    to_utc_text,
)
from dagster_project.demo.draws.orders import COUPONS, NO_COUPON
from dagster_project.demo.draws.shop import Shop
from dagster_project.demo.parameters import DAY, SOURCES, BoolArray

ANSWER_SHARE, ANSWER_DAYS = 0.4, 14  # of first orders, and how long after them
SCORES = np.arange(11)
LOYAL_SCORES = np.array([0, 0, 0, 1, 1, 2, 3, 8, 15, 30, 40]) / 100
OTHER_SCORES = np.array([2, 2, 3, 4, 5, 8, 10, 18, 20, 16, 12]) / 100
VAIN_INVITATIONS = 2  # for each that is taken up
CAMPAIGNS = ("", "welcome", "spring")  # of COUPONS


def survey_export(shop: Shop) -> Export:
    """Answers to the question asked two weeks after a first order."""
    rng, people = shop.parameters.rng(16), shop.people
    first = own_orders(shop) & _is_first(shop)
    person = shop.orders.person[first]
    at = shop.orders.placed_at[first] + ANSWER_DAYS * DAY
    answers = (rng.random(person.size) < ANSWER_SHARE) & (at < shop.parameters.end_day * DAY)
    person, at = person[answers], at[answers]
    loyal = rng.choice(SCORES, person.size, p=LOYAL_SCORES)
    others = rng.choice(SCORES, person.size, p=OTHER_SCORES)
    score = np.where(people.is_loyal[person], loyal, others)
    columns = {
        "Client ID": customer_ids(person),
        "Submitted At": to_utc_text(at),
        "NPS": list(map(str, score.tolist())),
    }
    return one_file(shop, "surveys", "nps_{day}.csv", columns, "Client ID", at)


def survey_truth(surveys: Export) -> dict[str, int]:
    """How many answered 9 or 10, 7 or 8, and 0 to 6."""
    scores = np.array(surveys.columns["NPS"], dtype=np.int64)
    return {
        "promoters": int((scores >= 9).sum()),
        "passives": int(((scores == 7) | (scores == 8)).sum()),
        "detractors": int((scores <= 6).sum()),
    }


def referral_export(shop: Shop) -> Export:
    """Whoever came by a recommendation had an invitation; the other invitations were in vain."""
    rng, people, parameters = shop.parameters.rng(18), shop.people, shop.parameters
    real = np.flatnonzero(~people.is_test)
    by_sign_up = real[np.argsort(people.signed_up_at[real], kind="stable")]
    signed_up = people.signed_up_at[by_sign_up]
    came = real[people.source[real] == SOURCES.index("referral")]
    before = rng.integers(DAY, 20 * DAY, came.size)
    invited_at = people.arrived_at[came] - before
    possible = np.searchsorted(signed_up, invited_at)
    known = possible > 0
    came, invited_at = came[known], invited_at[known]
    referrer = by_sign_up[(rng.random(came.size) * possible[known]).astype(np.int64)]

    count = VAIN_INVITATIONS * came.size
    asking = by_sign_up[rng.integers(0, by_sign_up.size, count)]
    span = parameters.end_day * DAY - 1 - people.signed_up_at[asking]
    asked_at = people.signed_up_at[asking] + (rng.random(count) * span).astype(np.int64)
    nobody = np.full(count, -1)
    at = np.concatenate([invited_at, asked_at])
    columns = {
        "Referrer": customer_ids(np.concatenate([referrer, asking])),
        "Sent At": to_utc_text(at),
        "Referee ID": customer_ids(np.concatenate([came, nobody])),
        "Accepted At": to_utc_text(people.signed_up_at[came]) + [""] * count,
    }
    return one_file(shop, "referrals", "invitations_{day}.csv", columns, "Referrer", at)


def referral_truth(referrals: Export) -> dict[str, int]:
    """Invitations, and those that brought somebody."""
    joined = sum(map(bool, referrals.columns["Referee ID"]))
    return {"invitations": len(referrals), "joined": joined}


def coupon_export(shop: Shop) -> Export:
    """A redemption for each paid order of a customer who was logged in and had a coupon."""
    orders = shop.orders
    rows = np.flatnonzero(own_orders(shop) & (orders.coupon != NO_COUPON))
    numbers = order_numbers(len(orders))
    at = orders.placed_at[rows]
    columns = {
        "Client ID": customer_ids(orders.person[rows]),
        "Voucher": pick(COUPONS, orders.coupon[rows]),
        "Campaign": pick(CAMPAIGNS, orders.coupon[rows]),
        "Order Number": [numbers[row] for row in rows.tolist()],
        "Used At": to_utc_text(at),
    }
    return one_file(shop, "coupons", "vouchers_{day}.csv", columns, "Order Number", at)


def coupon_truth(coupons: Export) -> dict[str, dict[str, int]]:
    """Redemptions and distinct customers of each campaign."""
    truth = {}
    for campaign in sorted(set(coupons.columns["Campaign"])):
        pairs = zip(coupons.columns["Client ID"], coupons.columns["Campaign"], strict=True)
        clients = [client for client, of in pairs if of == campaign]
        truth[campaign] = {"redemptions": len(clients), "redeemers": len(set(clients))}
    return truth


def _is_first(shop: Shop) -> BoolArray:
    own = np.flatnonzero(own_orders(shop))
    _, first = np.unique(shop.orders.person[own], return_index=True)
    is_first = np.zeros(len(shop.orders), dtype=np.bool_)
    is_first[own[first]] = True
    return is_first
