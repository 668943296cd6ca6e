"""How labels of public sets are read, where the data settings say nothing of labels."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from avq_core.config.data import DataConfig
from avq_core.data.files.layout import Names
from avq_core.data.files.stacked import Sample
from avq_core.errors import DataError

_UNSET: Final = DataConfig()


def label_rule(
    config: DataConfig,
    samples: Sequence[Sample],
    names: Names,
    where: str,
    *,
    needs_labels: bool,
) -> tuple[DataConfig, tuple[str, ...]]:
    """How labels of this layout are read where the data settings say nothing of labels.

    The defaults are those of `ac.pkl`, in which -1.0 means missing. In public sets it is a label.

    Args:
        config: The data settings.
        samples: Of all splits.
        names: Names of the parts of a sample.
        where: The file's name in errors.
        needs_labels: Whether labels are wanted for training. Otherwise a label that may be none is
            taken for none.

    Returns:
        The settings to read labels with, and lines for the user.

    Raises:
        DataError: Labels are wanted, and -1.0 may be one or mean that there is none.
    """
    rule = (config.label_min, config.label_max, dict(config.label_ranges), config.missing_label)
    if rule != (_UNSET.label_min, _UNSET.label_max, {}, _UNSET.missing_label):
        return config, ()
    values = np.array([v for sample in samples for v in sample[names.labels].values()], float)
    values = values[np.isfinite(values)]
    ones = np.abs(values + 1.0) <= 1e-6
    low, high = (values.min(), values.max()) if values.size else (0.0, 0.0)
    others = values[~ones]
    if ones.any() and (not others.size or (others.min() >= -0.8 - 1e-6 and high <= 1 + 1e-6)):
        about = (
            f"{int(ones.sum())} labels are -1.0, which may be a label or mean that there is none"
        )
        if not needs_labels:
            missing = config.changed(label_min=-0.9, label_max=1e30, missing_label=-1.0)
            return missing, (f"{about}; they are left out",)
        raise DataError(
            f"{where}: {about}; say which in `layout`: `label_min: -1` and `missing_label: null`, or "
            "`label_min: -0.9` and `missing_label: -1`"
        )
    free = config.changed(label_min=-1e30, label_max=1e30, missing_label=None)
    if not needs_labels or not values.size:
        return free, ()
    about_ones = f"; {int(ones.sum())} of -1.0 are labels" if ones.any() else ""
    note = (
        f"labels are from {low:g} to {high:g}, and only NaN means that there is none{about_ones}; "
        "label_min, label_max and missing_label in --layout can say otherwise"
    )
    return free, (note,)
