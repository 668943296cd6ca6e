"""`python -m studies.export`: a trial's full training configuration, for `avq_core.train`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from avq_core.cli import CommandParser, run_command
from avq_core.files import whole_file
from studies.cli import add_study_options
from studies.errors import StudyError
from studies.export_header import header
from studies.records import StudyRecord, TrialRecord, best, by_front


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m studies.export",
        description="Writes a trial's full, effective training configuration as YAML.",
    )
    add_study_options(parser)
    parser.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="the YAML to write; - prints it; with --pareto a folder",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--trial",
        type=int,
        metavar="N",
        help="default: the one that the confirmation chose, else the best",
    )
    which.add_argument(
        "--ensemble",
        action="store_true",
        help="write all confirmed configurations; a model of them scores by their mean",
    )
    which.add_argument(
        "--pareto",
        action="store_true",
        help="write a file trial-N.yaml for each complete trial that no other beats in both watched "
        "R² on val; --out is their folder",
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Picks the trial and writes it."""
    options = build_parser().parse_args(argv)
    from studies.records import read_study
    from studies.storage import open_study

    study = read_study(open_study(options.runs, options.study, options.storage))
    if options.pareto:
        return _write_front(study, options.out)
    trial = pick(study, options.trial)
    members = ensemble(study) if options.ensemble else []
    text = to_yaml(study, trial, members=members)
    if options.out == "-":
        print(text, end="")
        return 0
    write(Path(options.out), text)
    told = f", ensemble of trials {', '.join(str(m['trial']) for m in members)}" if members else ""
    print(f"trial {trial.number} of {study.name}{told}: {options.out}")
    return 0


def _write_front(study: StudyRecord, out: str) -> int:
    if out == "-":
        raise StudyError("--pareto writes a file a trial, got --out -, expected a folder")
    files = {Path(out) / f"trial-{t.number}.yaml": t for t in front(study)}
    texts = {path: to_yaml(study, trial) for path, trial in files.items()}
    for path, text in texts.items():
        write(path, text)
        r2 = files[path].r2
        told = ", ".join(f"{task} {r2[task]:.3f}" for task in dict.fromkeys(study.watch))
        print(f"trial {files[path].number} of {study.name} ({told}): {path}")
    return 0


def front(study: StudyRecord) -> list[TrialRecord]:
    """The complete trials that no other beats in both watched figures, the highest score first.

    Raises:
        StudyError: No trial is complete.
    """
    fronts = by_front(study.trials, study.watch)
    if not fronts:
        raise StudyError(
            f"the study {study.name!r} has no complete trial yet, so there is no front; let the "
            "search go on"
        )
    return fronts[0]


def ensemble(study: StudyRecord) -> list[dict[str, Any]]:
    """The confirmed trials that were searched, the best first, each with its configuration.

    Raises:
        StudyError: Fewer than two are confirmed.
    """
    test = (study.confirmation or {}).get("test") or {}
    members: list[dict[str, Any]] = (test.get("ensemble") or {}).get("members", [])
    if len(members) < 2:
        raise StudyError(
            f"the study {study.name!r} has no ensemble: its confirmation trained fewer than two "
            "searched configurations to their end; run it with --confirm 2 or more"
        )
    return [{"trial": member["trial"], "config": member["config"]} for member in members]


def pick(study: StudyRecord, number: int | None) -> TrialRecord:
    """The trial of a number, or the chosen one, or the best.

    Raises:
        StudyError: No such trial, or none that can be exported.
    """
    wanted = study.chosen if number is None else number
    if wanted is None:
        found = best(study.trials)
        if found is None:
            raise StudyError(
                f"the study {study.name!r} has no complete trial yet; name one with --trial, or "
                "let the search go on"
            )
        return found
    if not 0 <= wanted < len(study.trials):
        raise StudyError(
            f"the study {study.name!r} has no trial {wanted}, expected 0 to {len(study.trials) - 1}"
        )
    return study.trials[wanted]


def exported(study: StudyRecord, trial: TrialRecord) -> dict[str, Any]:
    """What the file holds.

    The epochs are those that gave the trial's score. Where the confirmation trained this trial and
    opened test for it, the seed is that run's, so that training the file again gives its figures.

    Raises:
        StudyError: The trial holds no configuration.
    """
    if trial.config is None:
        raise StudyError(
            f"trial {trial.number} of {study.name!r} is {trial.state} and holds no configuration; "
            "choose another with --trial"
        )
    config = {section: dict(values) for section, values in trial.config.items()}
    if trial.best_epoch is not None:
        config["training"]["epochs"] = trial.best_epoch
    own = _final(study, trial)
    if own is not None:
        config = own["config"]
    return {
        "study": study.name,
        "trial": trial.number,
        "data": study.data_source,
        "data_key": study.identity.get("data"),
        "space": study.space.get("name"),
        "space_key": study.identity.get("space"),
        "made_with": study.made_with,
        "search": {
            "score": trial.score,
            "epoch": trial.best_epoch,
            "seed": trial.config["training"]["seed"],
            "ran_on": trial.ran_on,
            "val_r2": trial.r2,
            "val_labels": trial.num_labels,
        },
        "confirmed": _confirmed(study, trial, own),
        "config": config,
    }


def _final(study: StudyRecord, trial: TrialRecord) -> dict[str, Any] | None:
    """The run of this trial's configuration for which test was opened, if there was one."""
    test = (study.confirmation or {}).get("test") or {}
    finals = [test[name] for name in ("chosen", "baseline") if name in test]
    return next((entry for entry in finals if entry["trial"] == trial.number), None)


def _confirmed(
    study: StudyRecord, trial: TrialRecord, final: dict[str, Any] | None
) -> dict[str, Any] | None:
    rows = (study.confirmation or {}).get("candidates", [])
    row = next((row for row in rows if row["trial"] == trial.number), None)
    if row is None:
        return None
    found = {
        key: row.get(key)
        for key in ("score_mean", "score_std", "score_error", "num_runs", "r2_mean")
    }
    if final is None:
        return found
    test = (study.confirmation or {})["test"]
    # Of several seeds, training the file again gives the first one's figures, not their mean.
    first = {"test_r2_first": final["r2_first"]} if "r2_first" in final else {}
    where = {"trained_on": test["trained_on"]} if "trained_on" in test else {}
    return found | {"test_r2": final["r2"]} | first | where


def to_yaml(
    study: StudyRecord, trial: TrialRecord, *, members: Sequence[dict[str, Any]] = ()
) -> str:
    """The file's text, comments first; with the members of an ensemble, if there are any."""
    import yaml

    content = exported(study, trial) | ({"ensemble": list(members)} if members else {})
    return header(study, content) + yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def write(path: Path, text: str) -> None:
    """Writes a file whole or not at all.

    Raises:
        ConfigError: The place cannot be written to.
    """
    with whole_file(path) as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(run_command(main))
