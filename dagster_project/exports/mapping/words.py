"""Words by which systems say that there is nothing, or nobody: the one list of them.

Taken for an id, such a word gathers strangers into one customer or one device. Each stands under
the reason why it is none; a shop adds its own by the setting `not_ids`.
"""

#: No id of anything, in any case, by why.
NOTHING = {
    "how a database, a spreadsheet or a program writes an empty value": (
        *("null", "(null)", r"\n", "nan", "none", "<na>", "n/a", "#n/a", "undefined"),
        *("00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}"),
        "00000000000000000000000000000000",
    ),
    "an object that a script wrote as text": ("[object object]",),
    "how an analytics tool says that it was not told": ("(not set)", "unknown", "guest"),
    "what people type where a field must not be empty": ("-", "--", "?"),
}
#: Nobody's id besides: not that of a customer or a device, though it may number an order or a line.
#: A word with @ is of every address that begins with it. Digits that are all 0, of whatever length
#: and with dashes, are nobody's too. The test of them in the models expects of words that none
#: begins with 2 to 9, and that those which begin with a letter are short and do not end in 1 to 9.
NOBODY = {
    "how an empty number is written": ("-1", "nil", "na", "n.a.", "void", "empty", "blank"),
    "whoever is not logged in": (
        *("anonymous", "anonymous user", "anonymous_user", "anon", "nobody", "no one", "noone"),
        *("guest user", "guest_user", "guest customer", "guest checkout", "visitor", "public"),
        *("not logged in", "not_logged_in", "not-logged-in", "loggedout", "logged_out"),
        *("not_authenticated", "not authenticated", "unauthenticated", "unidentified"),
        *(
            "not available",
            "not provided",
            "not specified",
            "unspecified",
            "missing",
            "no customer",
        ),
    ),
    "whoever pays at a till": (
        *("walk-in", "walkin", "walk in", "walk-in customer", "walk in customer", "cash customer"),
    ),
    "the name of a field or of a kind where its value should be": (
        *("id", "uid", "uuid", "guid", "idfa", "gaid", "user", "user_id", "userid", "customer"),
        *("customer_id", "customerid", "client_id", "device_id", "distinct_id", "distinctid"),
        *("anonymous_id", "visitor_id", "email", "e-mail", "true", "false", "default"),
    ),
    "a trial of those who built the shop": (
        *("test", "tester", "testing", "test user", "test_user", "test-user", "testuser"),
        *("test customer", "test_customer", "test-customer", "testcustomer", "test account"),
        *("test_account", "demo", "dummy", "example", "sample", "xxx", "asdf", "qwerty", "foo"),
    ),
    "an address that is nobody's": (
        *("guest@", "anonymous@", "unknown@", "nobody@", "none@", "null@", "undefined@", "test@"),
        *("noemail@", "no-email@", "no_email@", "noreply@", "no-reply@", "no_reply@"),
        *("donotreply@", "do-not-reply@"),
    ),
}
#: Empty in a column of text, as systems write it: NA is Namibia.
IN_TEXT = (
    *("null", "NULL", "Null", r"\N", "(null)", "#N/A", "N/A", "n/a", "NaN", "nan", "<NA>", "NaT"),
    *("None", "undefined"),
)
#: Empty where a number, a time or a yes or no is expected, in lower case.
IN_VALUES = (
    *("", "-", "--", "null", r"\n", "(null)", "na", "n/a", "#n/a", "nan", "nat", "<na>", "none"),
    *("nil", "undefined", "unknown", "?", "(not set)", "0000-00-00", "0000-00-00 00:00:00"),
)


def for_models() -> dict[str, list[str]]:
    """The words of ids, as vars."""
    return {
        "words_for_nothing": [word for words in NOTHING.values() for word in words],
        "words_for_nobody": [word for words in NOBODY.values() for word in words],
    }
