"""A trial's full training configuration, as `avq_core.train` takes it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from avq_core.config.yaml_lines import yaml_text
from avq_core.files import whole_file
from studies.errors import StudyError
from studies.export.header import header
from studies.records import StudyRecord, TrialRecord, best, by_front


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
    content = exported(study, trial) | ({"ensemble": list(members)} if members else {})
    return header(study, content) + yaml_text(content)


def write(path: Path, text: str) -> None:
    """Writes a file whole or not at all.

    Raises:
        ConfigError: The place cannot be written to.
    """
    with whole_file(path) as file:
        file.write(text)
