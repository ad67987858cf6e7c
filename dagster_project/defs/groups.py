"""The rooms that assets are shown in: a group for each, with its owner and what it is for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """A group of assets: who answers for it, and the question it is about."""

    owner: str
    description: str


DATA, MARKETING = "team:data", "team:marketing"

GROUPS = {
    "exports": Group(DATA, "Files that exports.yml names, and the raw tables they become."),
    "staging": Group(DATA, "Exports renamed, cast, deduplicated and tagged."),
    "core": Group(DATA, "What every family stands on: days, customers, orders, visits, activity."),
    "predictions": Group(DATA, "What forecasts are learnt from, say, and got right."),
    "retention": Group(MARKETING, "Of those who started together, how many came back, and when?"),
    "churn": Group(MARKETING, "How many did we lose, and how long does a customer stay?"),
    "engagement": Group(MARKETING, "How many are active, and which visits lead to orders?"),
    "value": Group(MARKETING, "What has a customer brought so far, and what will they bring?"),
    "acquisition": Group(MARKETING, "What does a customer cost, and where do they come from?"),
    "messaging": Group(MARKETING, "Whom to write to, why, and did it help?"),
    "loyalty": Group(MARKETING, "What is owed in points, and what do coupons change?"),
    "referrals": Group(MARKETING, "Who brings whom, and what are they worth?"),
    "subscriptions": Group(MARKETING, "How does recurring revenue move, and who renews?"),
    "experience": Group(MARKETING, "Are they content, and how soon do they find value?"),
    "operations": Group(DATA, "Did every row and every cent arrive, and what changed?"),
}
