"""When to stop a trial: its two figures against those of all trials that reached the same rung.

A rung is a judged epoch, where a cosine cycle ends. Trials at a rung are ranked by non-dominated
sorting (Deb et al., 2002, section III-A) of (cross-modal R², overall R²), within a front by the
score, as asynchronous successive halving (Li et al., 2020, algorithm 2) ranks by one figure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from search.score import Figures, Watch


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Whether to prune, and why, in words for the trial's record."""

    prune: bool
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PruningRule:
    """Keeps the better share of a rung, and always its non-dominated front."""

    keep_share: float = 1 / 3
    """Of the trials at a rung, in (0, 1); 1/3 is successive halving's usual eta of 3."""
    min_peers: int = 8
    """Other trials that must have reached a rung before anything is pruned there."""

    def __post_init__(self) -> None:
        if not 0 < self.keep_share < 1:
            raise ValueError(f"keep_share is {self.keep_share}, expected a share in (0, 1)")
        if self.min_peers < 1:
            raise ValueError(f"min_peers is {self.min_peers}, expected at least 1")

    def decide(
        self, own: Figures, peers: Sequence[Figures], *, epoch: int, watch: Watch
    ) -> Decision:
        """Judges one trial at one rung.

        Args:
            own: The trial's figures at the rung.
            peers: Figures at the rung of all other trials that reached it.
            epoch: The rung.
            watch: The score that breaks ties within a front.
        """
        where = f"epoch {epoch}: "
        if not _finite(own):
            return Decision(prune=True, reason=where + "a watched R² is not finite")
        rivals = [peer for peer in peers if _finite(peer)]
        if len(peers) < self.min_peers:
            seen = f"only {len(peers)} other trials got here, {self.min_peers} are needed to judge"
            return Decision(prune=False, reason=where + seen)
        count = len(peers) + 1
        told = f"cross-modal R² {own.cross_modal:.3f}, overall R² {own.overall:.3f}"
        if not any(dominates(rival, own) for rival in rivals):
            return Decision(prune=False, reason=where + f"{told}: no trial is better in both")
        place = rank(own, rivals, watch)
        kept = math.ceil(count * self.keep_share)
        verdict = f"{told}: place {place} of {count}, the best {kept} go on"
        return Decision(prune=place > kept, reason=where + verdict)


def dominates(one: Figures, other: Figures) -> bool:
    """Whether `one` is no worse in both figures and better in at least one."""
    no_worse = one.cross_modal >= other.cross_modal and one.overall >= other.overall
    return no_worse and one != other


def rank(own: Figures, rivals: Sequence[Figures], watch: Watch) -> int:
    """The place of `own`, from 1, by front and then by score; ties go in its favour."""
    place = 1
    remaining = list(rivals)
    score = watch.score(own)
    while any(dominates(rival, own) for rival in remaining):
        front = [a for a in remaining if not any(dominates(b, a) for b in remaining)]
        place += len(front)
        remaining = [a for a in remaining if a not in front]
    front = [a for a in remaining if not any(dominates(b, a) for b in (*remaining, own))]
    return place + sum(watch.score(rival) > score for rival in front)


def _finite(figures: Figures) -> bool:
    return math.isfinite(figures.cross_modal) and math.isfinite(figures.overall)
