"""`python -m studies.migrate`: copies a study's trials into a new study of another space."""

if __name__ == "__main__":  # before any other import
    from avq_search.start import begin

    begin()

import argparse
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from avq_core.cli import CommandParser
from avq_core.invocation import typed
from avq_core.run_command import leave, run_command
from studies.cli import add_study_options
from studies.errors import StudyError
from studies.names import EXPECTED, PREPARED, is_name

if TYPE_CHECKING:
    from space.space import Space
    from studies.migrate.copying import Sorting
    from studies.records.study import StudyRecord

_WATCHED: Final = ("cross_modal", "overall")


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog=typed("studies.migrate"),
        description="Copies the finished trials of a study that fit another space into a new study "
        "of that space, with their metrics, states, curves and dates. python -m search.run resumes "
        "the new study; its sampler learns from the copied trials. The old study does not change.",
    )
    add_study_options(parser)
    parser.add_argument(
        "--space",
        required=True,
        metavar="NAME|FILE",
        help="small, full, extended-small, extended, or a YAML file",
    )
    parser.add_argument(
        "--into", metavar="NEW", help="the new study's name (default: STUDY-SPACE's name)"
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Reads the study, writes the new one and prints what was copied."""
    options = build_parser().parse_args(argv)
    import optuna

    from space.presets import named_space
    from studies.migrate.copying import copy_trials, sort_out
    from studies.records.read import read_study
    from studies.storage.open import open_study, storage_url

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    source = open_study(options.runs, options.study, options.storage)
    record = read_study(source)
    space = named_space(options.space, record.tasks)
    new = options.into or f"{source.study_name}-{space.name}"
    if not is_name(new):
        raise StudyError(f"--into is {new!r}, expected {EXPECTED}, and not {PREPARED!r}")
    sorting = sort_out(source, space)
    copy_trials(
        source, sorting, space=space, url=storage_url(options.runs, new, options.storage), new=new
    )
    print("\n".join(_report(record, new, sorting)))
    print(f"resume it with: {_command(record, space, new, options)}")
    return 0


def _report(source: "StudyRecord", new: str, sorting: "Sorting") -> list[str]:
    """Lines on the copied trials, and on the others by the first setting that does not fit."""
    from studies.migrate.copying import UNFINISHED

    states = Counter(trial.state.name.lower() for trial, _ in sorting.fitting)
    num, misfits = len(sorting.fitting), Counter(path for path, _ in sorting.misfits)
    unfinished = misfits.pop(UNFINISHED, 0)
    by_state = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    first = f"copied {num} of {num + misfits.total()} finished trials of {source.name} into {new}: {by_state}"
    for trial, point in sorting.fitting:
        if source.trials[trial.number].baseline:
            outside = "" if point else ", though it is outside the space"
            first += f"; the manual baseline #{trial.number} among them{outside}"
    lines = [first]
    if misfits:
        lines.append("not copied, by the first setting that does not fit:")
    for path, count in misfits.most_common():
        why = next(reason for other, reason in sorting.misfits if other == path)
        lines.append(f"  {count:>4}  {path}" + (f" (such as: {why})" if why else ""))
    if unfinished:
        lines.append(f"not finished, so not copied: {unfinished}")
    return lines


def _command(source: "StudyRecord", space: "Space", new: str, options: argparse.Namespace) -> str:
    """The command that resumes the new study; options at their defaults are left out."""
    from studies.storage.urls import without_secrets

    settings = {} if source.identity is None else source.identity.settings
    share = source.watch.cross_modal_weight
    given = {
        "--study": (new, None),
        "--space": (options.space, None),
        "--data": (source.data_source or "DATA", None),
        "--trials": (source.total, None),
        "--epochs": (settings.get("epochs"), space.epochs),
        "--objective": (settings.get("objective"), "score"),
        "--pruner": (settings.get("pruner"), "cycle"),
        "--seed": (settings.get("seed"), 0),
        "--watch": (",".join(source.watch.tasks), ",".join(_WATCHED)),
        "--score-weights": (f"{share!r},{1 - share!r}", "0.5,0.5"),
        "--runs": (str(options.runs), "runs"),
        "--storage": (options.storage and without_secrets(options.storage), None),
        "--layout": ("FILE" if _has_layout(source) else None, None),
    }
    parts = [
        f"{name} {shlex.quote(str(value))}"
        for name, (value, usual) in given.items()
        if value is not None and value != usual
    ]
    return f"{typed('search.run')} {' '.join(parts)}"


def _has_layout(source: "StudyRecord") -> bool:
    """Whether the data was read with settings that differ from the defaults, as from a --layout file."""
    from avq_core.config.presets import manual
    from avq_core.config.values import to_dict

    data = next((trial.config["data"] for trial in source.trials if trial.config), None)
    return data is not None and data != to_dict(manual())["data"]


if __name__ == "__main__":
    leave(run_command(main))
