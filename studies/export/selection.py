"""Which trial, configuration and members an exported file holds."""

from dataclasses import dataclass

from studies.errors import StudyError
from studies.records.codec import PlainConfig
from studies.records.confirmation import CandidateResult
from studies.records.held_out import EnsembleMember, TestedConfiguration
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """A trial of a study with the configuration to export and its results."""

    study: StudyRecord
    trial: TrialRecord
    config: PlainConfig
    """Configuration of the run for the test split where there was one, else of the trial."""
    search_seed: int
    """Seed of the trial."""
    candidate: CandidateResult | None
    """Its result in the confirmation; `None` where it was not a candidate."""
    tested: TestedConfiguration | None
    """Its result on the test split; `None` where it was not tested or was not a candidate."""
    members: tuple[EnsembleMember, ...] = ()
    """Members of the ensemble, where the file is to describe one."""


def exported(
    study: StudyRecord, trial: TrialRecord, *, members: tuple[EnsembleMember, ...] = ()
) -> Export:
    """Collects what the file of a trial contains.

    The epochs are those that gave the trial's score. Where the trial was trained for
    the test split, the seed is that run's, so that training the file again reproduces its metrics.

    Raises:
        StudyError: The trial has no configuration.
    """
    if trial.config is None:
        raise StudyError(
            f"trial {trial.number} of {study.name!r} is {trial.state} and has no configuration; "
            "choose another with --trial"
        )
    config = {section: dict(values) for section, values in trial.config.items()}
    if trial.best_epoch is not None:
        config["training"]["epochs"] = trial.best_epoch
    tested = None if study.test is None else study.test.of_trial(trial.number)
    candidate = None if study.confirmation is None else study.confirmation.candidate(trial.number)
    return Export(
        study=study,
        trial=trial,
        config=config if tested is None else tested.config,
        search_seed=trial.config["training"]["seed"],
        candidate=candidate,
        tested=None if candidate is None else tested,
        members=members,
    )


def front(study: StudyRecord) -> tuple[TrialRecord, ...]:
    """The Pareto front of the two watched R², the highest score first.

    Raises:
        StudyError: No trial is complete.
    """
    if not study.pareto_front:
        raise StudyError(
            f"the study {study.name!r} has no complete trial yet, so there is no front; let the "
            "search go on"
        )
    return study.pareto_front


def ensemble(study: StudyRecord) -> tuple[EnsembleMember, ...]:
    """The members of the ensemble: the searched and confirmed trials, the best first.

    Raises:
        StudyError: Fewer than two are confirmed.
    """
    tested = None if study.test is None else study.test.ensemble
    if tested is None or len(tested.members) < 2:
        raise StudyError(
            f"the study {study.name!r} has no ensemble: its confirmation trained fewer than two "
            "searched configurations to their end; run it with --confirm 2 or more"
        )
    return tested.members


def pick(study: StudyRecord, number: int | None) -> TrialRecord:
    """The trial of a given number; without a number the chosen one, else the best.

    Raises:
        StudyError: There is no such trial, or no complete one.
    """
    wanted = study.chosen if number is None else number
    if wanted is None:
        if study.best is None:
            raise StudyError(
                f"the study {study.name!r} has no complete trial yet; name one with --trial, or "
                "let the search go on"
            )
        return study.best
    if not 0 <= wanted < len(study.trials):
        raise StudyError(
            f"the study {study.name!r} has no trial {wanted}, expected 0 to {len(study.trials) - 1}"
        )
    return study.trials[wanted]
