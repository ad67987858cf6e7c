"""The states that exports mention: our words for them, and those of other systems."""

#: For each export whose `status` is a state: the words the models know.
STATUSES = {
    "orders": ("counted", "cancelled", "pending", "refunded"),
    "refunds": ("counted", "cancelled", "pending"),
    "messages": ("sent", "delivered", "opened", "clicked", "unsubscribed", "bounced"),
}

_CANCELLED = ("cancelled", "canceled", "void", "voided", "failed", "declined")
#: What shop systems call these states; a shop's own `status_map` comes before it.
DEFAULT_STATUS_MAPS = {
    "orders": {
        **dict.fromkeys(
            ("counted", "paid", "completed", "complete", "fulfilled", "shipped"), "counted"
        ),
        **dict.fromkeys(("delivered", "processing", "closed", "partially_refunded"), "counted"),
        **dict.fromkeys(_CANCELLED, "cancelled"),
        **dict.fromkeys(("pending", "on-hold", "authorized", "draft", "unpaid"), "pending"),
        **dict.fromkeys(("refunded", "returned"), "refunded"),
    },
    "refunds": {
        **dict.fromkeys(("counted", "approved", "processed", "completed", "complete"), "counted"),
        **dict.fromkeys(("paid", "refunded", "succeeded"), "counted"),
        **dict.fromkeys(("pending", "requested", "open", "processing"), "pending"),
        **dict.fromkeys(("rejected", "denied", *_CANCELLED), "cancelled"),
    },
    "messages": {
        **dict.fromkeys(("sent", "send", "processed"), "sent"),
        **dict.fromkeys(("delivered", "delivery"), "delivered"),
        **dict.fromkeys(("opened", "open"), "opened"),
        **dict.fromkeys(("clicked", "click"), "clicked"),
        **dict.fromkeys(("unsubscribed", "unsubscribe", "optout"), "unsubscribed"),
        **dict.fromkeys(("bounced", "bounce", "hard_bounce", "soft_bounce"), "bounced"),
    },
}
