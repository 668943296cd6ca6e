"""The runs of a confirmation: which are made, which come next, and their results."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from avq_core.config.values import with_values
from avq_core.data.store.balanced_folds import Fold, even_folds
from avq_core.data.store.store import PreparedStore, open_store
from search.confirmation.held_out import Candidate
from search.confirmation.race import Race, Run, race
from search.pruners.paired_error import clusters_of, per_cluster_losses
from search.seeds import Stream, derive_seed
from search.workers.pool import Result, Task
from studies.records.codec import RunKey
from studies.records.confirmation import ConfirmationRun
from studies.score import Watch

NUM_SEEDS: Final = 2
"""Upper bound on the fresh seeds on each fold; the second seed runs only where it can change the choice."""


@dataclass(slots=True)
class Cut:
    """The folds' stores, made when the first of them is needed."""

    make: Callable[[], Sequence[Path]]
    stores: list[Path] = field(default_factory=list)

    def store(self, fold: int) -> Path:
        """Folder of a fold's store."""
        if not self.stores:
            self.stores = list(self.make())
        return self.stores[fold]


class Rounds:
    """The runs made and those to come; a round is one seed on one fold for every candidate that still runs."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        store: PreparedStore,
        watch: Watch,
        *,
        folds: Sequence[Fold],
        seed: int,
        runs: Mapping[RunKey, ConfirmationRun],
    ) -> None:
        self.candidates = list(candidates)
        self.watch = watch
        self.tasks_of_data = store.schema.tasks
        self.num_folds = len(folds)
        self.even_folds = even_folds(folds)
        self.seed = seed
        self.runs = dict(runs)
        self.rounds = [(seed, fold) for seed in range(NUM_SEEDS) for fold in range(self.num_folds)]
        self.parameters = {c.trial: _num_parameters(c, store) for c in self.candidates}

    def race(self) -> Race:
        """The standings, and which runs are wanted next."""
        runs = {c.trial: [self._run(c, number) for number in self.rounds] for c in self.candidates}
        return race(self.parameters, runs, num_folds=self.num_folds, even_folds=self.even_folds)

    def _run(self, candidate: Candidate, number: tuple[int, int]) -> Run | None:
        seed, fold = number
        run = self.runs.get(RunKey(candidate.trial, seed, fold))
        if run is None:
            return None
        return Run(fold=fold, score=self.watch.score_of(run.r2), losses=run.losses)

    def tasks(self, cut: Cut, *, min_tasks: int) -> list[Task[RunKey]]:
        """The missing runs of the first incomplete round, and of later rounds to keep the slots busy.

        The manual baseline comes first in its round, since it takes longest, and never joins a later
        round early, since it is dropped most often.
        """
        race = self.race()
        tasks: list[Task[RunKey]] = []
        for place, (seed, fold) in enumerate(self._rounds_left(race)):
            if place and len(tasks) >= min_tasks:
                break
            tasks += [
                self._task(candidate, seed, fold, cut)
                for candidate in sorted(self.candidates, key=lambda c: not c.baseline)
                if candidate.trial in race.running
                and not (place and candidate.baseline)
                and RunKey(candidate.trial, seed, fold) not in self.runs
            ]
        return tasks

    def _rounds_left(self, race: Race) -> list[tuple[int, int]]:
        """Rounds still to run of the current seed; none where no run is wanted."""
        if not race.running:
            return []
        seed = race.next_round // self.num_folds
        return self.rounds[race.next_round : (seed + 1) * self.num_folds]

    def _task(self, candidate: Candidate, seed: int, fold: int, cut: Cut) -> Task[RunKey]:
        fresh = derive_seed(self.seed, Stream.FOLD_RUN, seed, fold)
        return Task(
            key=RunKey(candidate.trial, seed, fold),
            config=with_values(candidate.config, {"training.seed": fresh}),
            store=cut.store(fold),
        )

    def note(self, key: RunKey, result: Result, cut: Cut) -> None:
        """Keeps the metrics of a run."""
        self.runs[key] = ConfirmationRun(
            r2=result.r2,
            num_labels=result.num_labels,
            losses=self._losses(result, cut.store(key.fold)),
        )

    def _losses(self, result: Result, store: Path) -> tuple[float, ...] | None:
        if not len(result.val_scores):
            return None
        val = open_store(store).search_splits().val
        weights = [self.watch.weight(task) for task in self.tasks_of_data]
        clusters = clusters_of(val.groups)
        losses = per_cluster_losses(result.val_scores, val.targets, clusters, weights)
        return tuple(losses) if all(map(math.isfinite, losses)) else None

    @property
    def is_whole(self) -> bool:
        """Whether no run is missing."""
        return not self._rounds_left(self.race())

    def progress(self) -> tuple[int, int]:
        """Runs made, and runs in all if no other candidate is dropped."""
        race = self.race()
        made = sum(
            RunKey(c.trial, *number) in self.runs for c in self.candidates for number in self.rounds
        )
        left = sum(
            RunKey(key, *number) not in self.runs
            for number in self._rounds_left(race)
            for key in race.running
        )
        return made, made + left


def _num_parameters(candidate: Candidate, store: PreparedStore) -> int:
    import torch

    from avq_core.model.network import Network

    with torch.device("meta"):
        network = Network(candidate.config.model, store.schema)
    return sum(parameter.numel() for parameter in network.parameters())
