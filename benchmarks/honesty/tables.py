"""The tables of simulated studies."""

from collections.abc import Sequence

from avq_core.display.tables import text_table
from benchmarks.honesty.choice import Choosing
from benchmarks.honesty.coverage import Coverage
from benchmarks.honesty.winners_curse import WinnersCurse


def coverage_table(rows: Sequence[Coverage]) -> str:
    """A row for each metric of each world."""
    head = ["world", "metric", "truth", "mean", "95 % interval contains it"]
    cells = [[c.world, c.metric, f"{c.truth:.3f}", f"{c.mean:.3f}", f"{c.held:.1%}"] for c in rows]
    return text_table([head, *cells], num_left=2)


def curse_table(rows: Sequence[WinnersCurse]) -> str:
    """Means with twice their standard errors."""
    head = ["lasting part", "search - truth", "confirmed - truth", "less its luck", "test - truth"]
    cells = [
        [row.shared, *map(_gap, (row.search, row.confirmed, row.corrected, row.test))]
        for row in rows
    ]
    return text_table([head, *cells])


def choice_table(rows: Sequence[Choosing]) -> str:
    """A row for each rule of each field, means with twice their standard errors."""
    head = ["true scores, folds, seeds", "rule", "runs", "true score above the mean"]
    head += ["confirmed - true", "less its luck"]
    cells = [
        [
            f"{row.field.merit:.2f}, {row.field.fold:.2f}, {row.field.seed:.2f}",
            row.rule,
            f"{row.runs:.1f}",
            _gap(row.gain),
            _gap(row.excess),
            "" if row.corrected is None else _gap(row.corrected),
        ]
        for row in rows
    ]
    return text_table([head, *cells], num_left=2)


def _gap(mean_and_error: tuple[float, float]) -> str:
    mean, error = mean_and_error
    return f"{mean:+.4f} ± {2 * error:.4f}"
