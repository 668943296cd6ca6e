"""The pruning rule, pure."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.pruning_rule import PruningRule, dominates, rank
from search.score import Figures, Watch

WATCH = Watch()
R2 = st.floats(-2, 1)
FIGURES = st.builds(Figures, cross_modal=R2, overall=R2)


def figures(*pairs: tuple[float, float]) -> list[Figures]:
    return [Figures(cross_modal=a, overall=b) for a, b in pairs]


LADDER = figures(*((i / 10, i / 10) for i in range(1, 10)))


def test_nothing_is_judged_before_enough_trials_reached_the_rung() -> None:
    """Seven peers are too few for a rule that asks for eight."""
    rule = PruningRule(min_peers=8)
    decision = rule.decide(figures((-1, -1))[0], LADDER[:7], epoch=2, watch=WATCH)
    assert not decision.prune
    assert decision.reason == "epoch 2: only 7 other trials got here, 8 are needed to judge"


def test_the_worse_share_of_a_rung_is_pruned_with_a_reason() -> None:
    """Last of ten, where the best four go on."""
    decision = PruningRule().decide(figures((0, 0))[0], LADDER, epoch=6, watch=WATCH)
    assert decision.prune
    assert decision.reason == (
        "epoch 6: cross-modal R² 0.000, overall R² 0.000: place 10 of 10, the best 4 go on"
    )


def test_the_better_share_goes_on() -> None:
    """Fourth of ten just makes it."""
    decision = PruningRule().decide(figures((0.65, 0.65))[0], LADDER, epoch=6, watch=WATCH)
    assert not decision.prune
    assert "place 4 of 10" in decision.reason


def test_who_is_best_in_one_figure_is_never_pruned() -> None:
    """Poor overall, but nobody's cross-modal figure is better: on the front, so it goes on."""
    decision = PruningRule().decide(figures((0.95, -1.0))[0], LADDER, epoch=6, watch=WATCH)
    assert not decision.prune
    assert "no trial is better in both" in decision.reason


@pytest.mark.parametrize("bad", [(math.nan, 0.5), (0.5, math.nan), (-math.inf, 0.5)])
def test_a_figure_that_is_not_finite_is_pruned_at_once(bad: tuple[float, float]) -> None:
    """Even before there are peers."""
    decision = PruningRule().decide(figures(bad)[0], [], epoch=2, watch=WATCH)
    assert decision.prune
    assert "not finite" in decision.reason


@given(FIGURES, st.lists(FIGURES, min_size=8, max_size=30))
def test_the_front_survives_whatever_the_peers_are(own: Figures, peers: list[Figures]) -> None:
    """A pruned trial is always dominated by somebody."""
    if PruningRule().decide(own, peers, epoch=2, watch=WATCH).prune:
        assert any(dominates(peer, own) for peer in peers)


@given(FIGURES, st.lists(FIGURES, max_size=30))
def test_the_place_counts_every_dominating_trial(own: Figures, peers: list[Figures]) -> None:
    """Whoever dominates a trial stands before it; whoever it dominates stands behind."""
    place = rank(own, peers, WATCH)
    ahead = sum(dominates(peer, own) for peer in peers)
    behind = sum(dominates(own, peer) for peer in peers)
    assert 1 + ahead <= place <= len(peers) + 1 - behind


@given(st.lists(FIGURES, min_size=9, max_size=20))
def test_some_trial_always_goes_on(peers: list[Figures]) -> None:
    """No rung prunes everybody."""
    rule = PruningRule()
    kept = [
        own
        for i, own in enumerate(peers)
        if not rule.decide(own, peers[:i] + peers[i + 1 :], epoch=2, watch=WATCH).prune
    ]
    assert kept


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5])
def test_a_share_outside_its_range_is_refused(share: float) -> None:
    """Settings are checked where they are made."""
    with pytest.raises(ValueError, match="expected a share in"):
        PruningRule(keep_share=share)


def test_at_least_one_peer_is_needed() -> None:
    """Zero would prune the very first trial against nobody."""
    with pytest.raises(ValueError, match="expected at least 1"):
        PruningRule(min_peers=0)
