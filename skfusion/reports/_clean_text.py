"""clean_text: text of users in a report."""

from skfusion.images._failures import shorten


def clean_text(text, length):
    """Return text without control characters, of limited length."""
    text = shorten(str(text), length)
    return text if text.isprintable() else repr(text)
