"""Whose a row is: merged profiles, test customers, and logins on shared devices."""

import datetime as dt
from collections import defaultdict

from .exports import TIMES, Row


class People:
    """Profiles: which ids are one customer, who is a test, and who registered when."""

    def __init__(self, profiles: list[Row]) -> None:
        self.merges = {row["customer_id"]: row["merged_into"] for row in profiles}
        self.profiles = {row["customer_id"]: row for row in profiles}

    def survivor(self, customer: str) -> str:
        while into := self.merges.get(customer):
            customer = into
        return customer

    def is_test(self, row: Row) -> bool:
        """Whether the row names a test customer, or one that was merged into a test customer."""
        named = row.get("customer_id")
        profiles = [self.profiles.get(id_) for id_ in (named, named and self.survivor(named))]
        return any(profile and profile["is_test"] == "true" for profile in profiles)

    def sign_ups(self) -> dict[str, dt.datetime]:
        """By customer: when they registered, the earliest of merged profiles."""
        at: dict[str, dt.datetime] = {}
        for profile in self.profiles.values():
            if profile["signed_up_at"] and not self.is_test(profile):
                customer, signed_up_at = (
                    self.survivor(profile["customer_id"]),
                    profile["signed_up_at"],
                )
                at[customer] = min(signed_up_at, at.get(customer, signed_up_at))
        return at


class Owners:
    """Whose activity on a device is; a link is a row that names both a customer and a device.

    'An anonymous id belongs to the customer of its earliest link by event time (ties: smallest
    customer_id), its earlier activity included; activity after a different login on the same
    device belongs to that login; never linked, it stays anonymous.'
    """

    def __init__(self, people: People, traffic: dict[str, list[Row]]) -> None:
        self.people = people
        self.links: dict[str, dict[dt.datetime, str]] = defaultdict(dict)
        for export, time in TIMES.items():
            for row in traffic[export]:
                if row.get("customer_id") and row.get("anonymous_id"):
                    links = self.links[row["anonymous_id"]]
                    customer = people.survivor(row["customer_id"])
                    links[row[time]] = min(customer, links.get(row[time], customer))

    def owner(self, row: Row, at: dt.datetime) -> str | None:
        """The customer a row belongs to."""
        if row.get("customer_id"):
            return self.people.survivor(row["customer_id"])
        links = self.links.get(row.get("anonymous_id") or "")
        if not links:
            return None
        before = [moment for moment in links if moment <= at]
        return links[max(before) if before else min(links)]
