"""Words that say nothing of what a text is about."""

STOP_WORDS = frozenset(
    """
    a an and are as at be been but by can could did do does for from had has have he her him his
    how i if in into is it its me my not of on or our she should so than that the their them
    then there they this to was we were what when where which who whom why will with would you
    your
    """.split()  # noqa: SIM905
)
