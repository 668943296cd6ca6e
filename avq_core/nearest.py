"""The name that somebody probably meant."""

from collections.abc import Iterable


def did_you_mean(given: object, names: Iterable[str]) -> str:
    """A question for the nearest of some names: `did you mean lr?`; empty where none is close."""
    # Imported here: only a mistake needs it.
    from difflib import get_close_matches

    close = get_close_matches(str(given), list(names), n=1)
    return f"did you mean {close[0]}?" if close else ""
