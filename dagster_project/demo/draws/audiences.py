"""Messages to audiences: those not held out get one, by a channel they agreed to.

The message to those whose subscription is due for renewal works (see subscriptions.py). The one
meant to win back silent buyers changes nothing: their orders are drawn without it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from dagster_project.demo.delivered.dirty_data import CLEAN, Delivered
from dagster_project.demo.delivered.rows import Export, customer_ids, delivery_dates
from dagster_project.demo.draws.clock import iso
from dagster_project.demo.draws.orders import COMPLETED
from dagster_project.demo.draws.shop import Shop
from dagster_project.demo.parameters import DAY, day_number

WIN_BACK = "win_back"
SILENT_DAYS = 97  # a week into the audience
CAMPAIGN_MONTHS = 2  # from the start of the data to the first message
HOLDOUT_SHARE = 0.2  # as data/exports.yml says
CHANNELS = {"e-mail": "Mail OK", "push": "Push OK", "sms": "SMS OK"}  # in order of preference
DELIVERED, OPENED, CLICKED, UNSUBSCRIBED = 0.96, 0.35, 0.08, 0.01  # of the messages sent


@dataclass(frozen=True)
class Mailing:
    """One message, sent at ten in the morning (UTC) of a day counted from 1970-01-01."""

    person: int
    channel: str
    campaign: str
    day: int


@dataclass
class Reach:
    """Whom the shop may write to, and how, for an audience on a day."""

    consents: dict[str, list[str]]  # "yes" or "no" by channel and person
    customers: list[str]
    left_on: dict[int, int] = field(default_factory=dict)  # unsubscribed from e-mail, by person

    @classmethod
    def of(cls, customers: Export) -> Reach:
        """What the CRM's latest list says."""
        consents = {channel: customers.columns[column] for channel, column in CHANNELS.items()}
        return cls(consents, customers.columns["Client ID"])

    def channel(self, audience: str, person: int, day: int) -> str | None:
        """The channel a message takes; None for the held out and those who did not agree to any."""
        if is_held_out(audience, self.customers[person]):
            return None
        for channel, consents in self.consents.items():
            has_left = channel == "e-mail" and self.left_on.get(person, day + 1) <= day
            if consents[person] == "yes" and not has_left:
                return channel
        return None


def is_held_out(audience: str, customer: str) -> bool:
    """The same draw as in the marts: six hex digits of the MD5 of audience and customer."""
    digits = hashlib.md5(f"{audience}|{customer}".encode(), usedforsecurity=False).hexdigest()[:6]
    return int(digits, 16) / 16**6 < HOLDOUT_SHARE


def win_back_mailings(shop: Shop, reach: Reach) -> list[Mailing]:
    """Whoever has not ordered for SILENT_DAYS days is written to once for each silence."""
    orders, parameters = shop.orders, shop.parameters
    bought = (orders.person >= 0) & (orders.status == COMPLETED)
    bought &= ~shop.people.is_test[orders.person]
    days = np.unique(orders.person[bought] * 2**20 + orders.placed_at[bought] // DAY)
    person, day = days // 2**20, days % 2**20
    is_last = np.append(person[1:] != person[:-1], True)
    following = np.where(is_last, parameters.end_day, np.append(day[1:], 0))
    first = day_number(parameters.month_start(CAMPAIGN_MONTHS))
    sent_on = np.maximum(day + SILENT_DAYS, first)
    due = sent_on < np.minimum(following, parameters.end_day)
    mailings = []
    for who, on in zip(person[due].tolist(), sent_on[due].tolist(), strict=True):
        channel = reach.channel(WIN_BACK, who, on)
        if channel:
            mailings.append(Mailing(who, channel, WIN_BACK, on))
    return mailings


def unsubscribe(shop: Shop, reach: Reach, mailings: list[Mailing]) -> list[Mailing]:
    """Draw who leaves the mailing list by one of these messages; drop what would come later."""
    draws = shop.parameters.rng(22).random(len(mailings))
    for mailing, draw in zip(mailings, draws.tolist(), strict=True):
        if mailing.channel == "e-mail" and draw < UNSUBSCRIBED:
            reach.left_on[mailing.person] = min(
                mailing.day, reach.left_on.get(mailing.person, mailing.day)
            )
    return [
        mailing
        for mailing in mailings
        if mailing.channel != "e-mail" or mailing.day <= reach.left_on.get(mailing.person, 2**31)
    ]


def mailing_deliveries(shop: Shop, reach: Reach, mailings: Iterable[Mailing]) -> Delivered:
    """A row for each state that a message reached, delivered quarterly."""
    rng = shop.parameters.rng(23)
    ends = np.array([day_number(day) for day in delivery_dates(shop, 3)])
    ordered = sorted(mailings, key=lambda mailing: (mailing.day, mailing.campaign, mailing.person))
    draws = rng.random((len(ordered), 3)).tolist()
    export = Export(
        name="messages",
        file_name="messages_{day}.csv",
        joiner=",",
        header="mail_id,user_id,medium,event,event_time,campaign",
        columns={},
        key="mail_id",
        period=np.zeros(len(ordered), dtype=np.int64),
        day=np.array([mailing.day for mailing in ordered], dtype=np.int64),
        deliveries=delivery_dates(shop, 3),
    )
    result = Delivered(export)
    for number, (mailing, (arrives, opens, clicks)) in enumerate(
        zip(ordered, draws, strict=True), start=1
    ):
        states = [("sent", 0), *([("delivered", 1)] if arrives < DELIVERED else [("bounced", 1)])]
        if arrives < DELIVERED and opens < OPENED:
            states.append(("opened", 40))
            states += [("clicked", 42)] if clicks < CLICKED / OPENED else []
        if mailing.channel == "e-mail" and reach.left_on.get(mailing.person) == mailing.day:
            states.append(("unsubscribed", 50))
        who = customer_ids(np.array([mailing.person]))[0]
        moments = mailing.day * DAY + 10 * 3600 + 60 * np.array([after for _, after in states])
        for (state, _), at in zip(states, iso(moments), strict=True):
            line = f"M{number:06d},{who},{mailing.channel},{state},{at}Z,{mailing.campaign}"
            result.add(line, int(np.searchsorted(ends, mailing.day, side="right")), CLEAN)
    return result
