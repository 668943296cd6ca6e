"""When to stop a trial: its two watched R² against those of the trials that reached the same rung.

A rung is a judged epoch, where a cosine cycle ends. Trials at a rung are ranked by non-dominated
sorting (Deb et al., 2002, section III-A) of (cross-modal R², overall R²), within a front by the
score, as asynchronous successive halving (Li et al., 2020, algorithm 2) ranks by one metric.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from studies.fronts import dominates, front_numbers
from studies.score import Watch, WatchedR2


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Whether to prune, and the reason, which is stored with the trial."""

    prune: bool
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PruningRule:
    """Keeps the best share of a rung, its Pareto front, and early on trials that are behind by noise alone."""

    keep_share: float = 0.3
    """Share of the trials at a rung that go on, in (0, 1)."""
    max_kept: int = 9
    """Upper bound on the trials kept at a rung, at least 1. A sampler learns, so that soon nearly every
    trial is among the best third of all so far (docs/experiments/017)."""
    min_kept: int = 4
    """Lower bound on the trials kept at a rung, in [1, `max_kept`]: of five trials only the last is
    stopped, and `keep_share` decides from fourteen on."""
    min_peers: int = 4
    """Other trials that must have reached a rung before a trial is pruned at it, at least 1."""
    recent: int = 60
    """How many of the last trials at the rung a trial is ranked against, at least 1."""
    grace_cycles: int = 0
    """First rungs of a trial at which nothing is pruned, >= 0."""
    patience_cycles: int = 1
    """Rungs in a row at which a trial must be behind to be pruned, at least 1."""
    noise: float = 1.0
    """Paired standard errors by which a trial must be behind the last one kept to be pruned, >= 0."""
    noise_cycles: int = 2
    """Rungs after the grace at which `noise` applies, >= 0. Early ranks say little about the final ones;
    later, keeping such trials costs much and saves hardly any of the best (docs/experiments/024)."""
    noise_places: float = 2.0
    """Lowest place at which `noise` applies, as a multiple of the trials kept, at least 1. A sampler that has
    learned suggests trials that are alike, and without this bound all of them would go on."""

    def __post_init__(self) -> None:
        if not 0 < self.keep_share < 1:
            raise ValueError(f"keep_share is {self.keep_share}, expected a share in (0, 1)")
        if self.max_kept < self.min_kept:
            raise ValueError(
                f"max_kept is {self.max_kept}, expected at least min_kept, {self.min_kept}"
            )
        for name, minimum in (
            ("min_kept", 1),
            ("min_peers", 1),
            ("recent", 1),
            ("grace_cycles", 0),
            ("patience_cycles", 1),
            ("noise_cycles", 0),
            ("noise_places", 1),
        ):
            value = getattr(self, name)
            if not value >= minimum:  # NaN too
                raise ValueError(f"{name} is {value}, expected at least {minimum}")
        if not 0 <= self.noise < math.inf:
            raise ValueError(f"noise is {self.noise}, expected a number of standard errors >= 0")

    def decide(
        self,
        watched: WatchedR2,
        peers: Sequence[WatchedR2],
        *,
        epoch: int,
        watch: Watch,
        cycle: int = 1,
        error: Callable[[int], float] | None = None,
    ) -> Decision:
        """Judges one trial at one rung.

        Args:
            watched: The trial's R² at the rung.
            peers: R² at the rung of all other trials that reached it, by trial number.
            epoch: The rung.
            watch: The score that breaks ties within a front.
            cycle: Which of the trial's rungs it is, counted from 1.
            error: Given a peer's index, the paired standard error of the difference of its score
                and the trial's, on the same validation clips; NaN where it is not known. `None`
                where scores have no noise.
        """
        where = f"epoch {epoch}: "
        if not watched.is_finite:
            return Decision(prune=True, reason=where + "a watched R² is not finite")
        if len(peers) < self.min_peers:
            too_few = f"only {len(peers)} other trials reached it, {self.min_peers} are needed"
            return Decision(prune=False, reason=where + too_few)
        is_one = len(watch.tasks) == 1
        metrics = f"cross-modal R² {watched.cross_modal:.3f}, overall R² {watched.overall:.3f}"
        if is_one:
            metrics = f"{watch.overall} R² {watched.overall:.3f}"
        rivals = [number for number, peer in enumerate(peers) if peer.is_finite]
        mark = (watched.cross_modal, watched.overall)
        marks = ((peers[number].cross_modal, peers[number].overall) for number in rivals)
        if not any(dominates(other, mark) for other in marks):
            return Decision(
                prune=False,
                reason=where + f"{metrics}: no trial is better{'' if is_one else ' in both'}",
            )
        first = max(0, len(peers) - self.recent)
        rivals = [number for number in rivals if number >= first]
        num_ranked = len(peers) - first + 1
        fronts = _fronts([watched, *(peers[number] for number in rivals)])
        scores = [watch.score(watched), *(watch.score(peers[number]) for number in rivals)]
        kept = min(max(math.ceil(num_ranked * self.keep_share), self.min_kept), self.max_kept)
        place = _place(fronts, scores)
        verdict = f"{metrics}: place {place} of {'' if first == 0 else 'the last '}{num_ranked}"
        verdict += f", the best {kept} go on"
        if place <= kept:
            return Decision(prune=False, reason=where + verdict)
        last = sorted(range(1, len(fronts)), key=lambda i: (fronts[i], -scores[i]))[kept - 1]
        noise = math.nan
        if error is not None and cycle - self.grace_cycles <= self.noise_cycles:
            noise = self.noise * error(rivals[last - 1])
        if place <= self.noise_places * kept and (gap := scores[last] - scores[0]) < noise:
            verdict += f"; behind the last of them by {gap:.3f}, within the noise of {noise:.3f}"
            return Decision(prune=False, reason=where + verdict)
        return Decision(prune=True, reason=where + verdict)


def _fronts(points: Sequence[WatchedR2]) -> list[int]:
    return front_numbers([(point.cross_modal, point.overall) for point in points])


def _place(fronts: Sequence[int], scores: Sequence[float]) -> int:
    """The place of the first of several points."""
    front_of_first, score = fronts[0], scores[0]
    return 1 + sum(
        front < front_of_first or (front == front_of_first and other > score)
        for front, other in zip(fronts, scores, strict=True)
    )
