"""The six CRM exports beside the customer list, clean as a CRM keeps them, and their truth."""

from __future__ import annotations

from typing import Any

from dagster_project.demo.delivered.rows import Export
from dagster_project.demo.draws.ads import Ads, ads_truth, spend_export
from dagster_project.demo.draws.messages import message_export, messages_truth
from dagster_project.demo.draws.points import loyalty_export, loyalty_truth
from dagster_project.demo.draws.relations import (
    coupon_export,
    coupon_truth,
    referral_export,
    referral_truth,
    survey_export,
    survey_truth,
)
from dagster_project.demo.draws.shop import Shop


def marketing_exports(shop: Shop, ads: Ads, customer_list: Export) -> dict[str, Export]:
    """The exports by name; the customer list says who may be written to."""
    exports = [
        spend_export(shop, ads),
        message_export(shop, customer_list),
        survey_export(shop),
        loyalty_export(shop),
        referral_export(shop),
        coupon_export(shop),
    ]
    return {export.name: export for export in exports}


def marketing_truth(shop: Shop, exports: dict[str, Export]) -> dict[str, Any]:
    """What is to be found in them, and which ads fail."""
    return {
        "failing_ads": ads_truth(shop),
        "messages": messages_truth(exports["messages"]),
        "surveys": survey_truth(exports["surveys"]),
        "loyalty_points": loyalty_truth(exports["loyalty_points"]),
        "referrals": referral_truth(exports["referrals"]),
        "coupons": coupon_truth(exports["coupons"]),
    }
