"""The colours of every plot and page, by role.

The hues are Okabe and Ito's (2008), which people with any colour vision can tell apart. Wherever two
of them meet, a shape, a dash or a word says the same again.
"""

from typing import Final

BLACK: Final = "#000000"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"

INK: Final = "#1f2933"
"""Text, and marks that must stand out on white."""
MUTED: Final = "#52606d"
"""Notes and axis labels; 6.4 to 1 against white."""
GREY: Final = "#7b8794"
"""Lines in the background, and trials that were pruned or failed."""
RULE: Final = "#e1e5ea"
"""Grid lines and the lines between a table's rows."""
SHADE: Final = "#eceff3"
"""An area in the background."""
RULE_STRONG: Final = "#9aa5b1"
"""The line below a table's head."""
PAGE: Final = "#f5f7f9"
"""Behind a page's white sections, and behind code and verdicts within them."""
HOVER: Final = "#e8eef4"
"""Behind a link that the pointer is on."""

SPLITS: Final = (BLUE, ORANGE, GREEN)
"""Train, val, test."""
LINES: Final = (BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, BLACK)
"""Lines or marks side by side, in the order in which they are used."""

GOOD: Final = GREEN
"""The best trial, a complete one, a row that counts."""
WARNING: Final = ORANGE
BAD: Final = "#b3261e"
"""An error, or the end of a trial that was stopped; dark enough for text on white."""
MANUAL: Final = VERMILION
"""The manual baseline."""
CHOSEN: Final = PURPLE
"""The configuration that the confirmation chose."""

GOOD_ROW: Final = "#e6f4ef"
MANUAL_ROW: Final = "#fdeee4"
"""Backgrounds of table rows: `GOOD` and `MANUAL`, each at a tenth on white."""

QUARTERS: Final = ("#d9c550", "#a59c74", "#666970", "#00326f")
"""Trials by score, the worst quarter first: light to dark, and yellow to blue (cividis)."""
