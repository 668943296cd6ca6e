"""The way from the top of nested values to one of them."""

from collections.abc import Iterable

Steps = tuple[str, ...]
"""Names, and `[0]` for the first item of a list."""


def dotted(steps: Iterable[str]) -> str:
    """Steps as people write them: `ensemble[0].config.model`."""
    return ".".join(steps).replace(".[", "[")
