"""How many examples Hypothesis draws: many in CI, fewer while you work."""

import os
from typing import Final

from hypothesis import HealthCheck, settings

NAME: Final = os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "everyday")
_DEFAULT: Final = 100
_PART: Final = 5


def examples(in_ci: int) -> int:
    """`max_examples` of a test that needs another number than most: all in CI, a fifth elsewhere."""
    return in_ci if NAME == "ci" else max(in_ci // _PART, 1)


def load_profile() -> None:
    """Makes the profile that the environment names the default of all tests.

    A busy machine is slow in drawing and in testing: neither says anything about the code.
    """
    for name, num in (("ci", _DEFAULT), ("everyday", _DEFAULT // _PART)):
        settings.register_profile(
            name,
            max_examples=num,
            deadline=None,
            derandomize=False,
            suppress_health_check=[HealthCheck.too_slow],
        )
    settings.load_profile(NAME)
