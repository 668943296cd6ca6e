"""The pruning rule, pure."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.pruners.rule import PruningRule, _fronts, _place
from studies.fronts import dominates
from studies.score import Watch, WatchedR2

WATCH = Watch()
R2 = st.floats(-2, 1)
POINTS = st.builds(WatchedR2, cross_modal=R2, overall=R2)
THIRD = PruningRule(keep_share=1 / 3)


def pair(point: WatchedR2) -> tuple[float, float]:
    return point.cross_modal, point.overall


def points(*pairs: tuple[float, float]) -> list[WatchedR2]:
    return [WatchedR2(cross_modal=a, overall=b) for a, b in pairs]


LADDER = points(*((i / 10, i / 10) for i in range(1, 10)))


def test_late_trials_are_ranked_among_late_ones() -> None:
    """Better than all early ones is not enough where the sampler has learned since."""
    early, late = points(*[(0.1, 0.1)] * 30), points(*((i / 10, i / 10) for i in range(5, 10)))
    judged = points((0.45, 0.45))[0]
    rule = PruningRule(keep_share=0.3, recent=5, min_kept=1)
    decision = rule.decide(judged, early + late, epoch=2, watch=WATCH)
    assert decision.prune
    assert "place 6 of the last 6, the best 2 go on" in decision.reason
    assert not rule.decide(judged, late + early, epoch=2, watch=WATCH).prune
    assert not PruningRule(recent=100).decide(judged, early + late, epoch=2, watch=WATCH).prune


def test_nothing_is_judged_before_enough_trials_reached_the_rung() -> None:
    """Seven peers are too few for a rule that asks for eight."""
    rule = PruningRule(min_peers=8)
    decision = rule.decide(points((-1, -1))[0], LADDER[:7], epoch=2, watch=WATCH)
    assert not decision.prune
    assert decision.reason == "epoch 2: only 7 other trials reached it, 8 are needed"


def test_among_few_only_the_last_is_stopped() -> None:
    """A share of five is one or two, and says little of who is good; four go on of up to thirteen."""
    ladder = points(*((i / 20, i / 20) for i in range(1, 14)))
    judged = points((0, 0))[0]

    def kept(num: int) -> str:
        return PruningRule().decide(judged, ladder[:num], epoch=2, watch=WATCH).reason[-16:]

    assert [kept(num) for num in (4, 12, 13)] == [
        f"the best {places} go on" for places in (4, 4, 5)
    ]
    fourth = points((0.225, 0.225))[0]
    assert not PruningRule().decide(fourth, ladder[:7], epoch=2, watch=WATCH).prune
    assert PruningRule(min_kept=3).decide(fourth, ladder[:7], epoch=2, watch=WATCH).prune


def test_the_worse_share_of_a_rung_is_pruned_with_a_reason() -> None:
    """Last of ten, where the best four go on."""
    decision = THIRD.decide(points((0, 0))[0], LADDER, epoch=6, watch=WATCH)
    assert decision.prune
    assert decision.reason == (
        "epoch 6: cross-modal R² 0.000, overall R² 0.000: place 10 of 10, the best 4 go on"
    )


def test_the_better_share_goes_on() -> None:
    """Fourth of ten just makes it."""
    decision = THIRD.decide(points((0.65, 0.65))[0], LADDER, epoch=6, watch=WATCH)
    assert not decision.prune
    assert "place 4 of 10" in decision.reason


def test_who_is_best_in_one_metric_is_never_pruned() -> None:
    """Poor overall, but nobody's cross-modal R² is better: on the front, so it goes on."""
    decision = PruningRule().decide(points((0.95, -1.0))[0], LADDER, epoch=6, watch=WATCH)
    assert not decision.prune
    assert "no trial is better in both" in decision.reason


@pytest.mark.parametrize("bad", [(math.nan, 0.5), (0.5, math.nan), (-math.inf, 0.5)])
def test_a_metric_that_is_not_finite_is_pruned_at_once(bad: tuple[float, float]) -> None:
    """Even before there are peers."""
    decision = PruningRule().decide(points(bad)[0], [], epoch=2, watch=WATCH)
    assert decision.prune
    assert "not finite" in decision.reason


@given(POINTS, st.lists(POINTS, min_size=8, max_size=30))
def test_the_front_survives_whatever_the_peers_are(
    judged: WatchedR2, peers: list[WatchedR2]
) -> None:
    """A pruned trial is always dominated by somebody."""
    if PruningRule().decide(judged, peers, epoch=2, watch=WATCH).prune:
        assert any(dominates(pair(peer), pair(judged)) for peer in peers)


@given(POINTS, st.lists(POINTS, max_size=30))
def test_the_place_counts_every_dominating_trial(judged: WatchedR2, peers: list[WatchedR2]) -> None:
    """Whoever dominates a trial stands before it; whoever it dominates stands behind."""
    everyone = [judged, *peers]
    place = _place(_fronts(everyone), [WATCH.score(point) for point in everyone])
    ahead = sum(dominates(pair(peer), pair(judged)) for peer in peers)
    behind = sum(dominates(pair(judged), pair(peer)) for peer in peers)
    assert 1 + ahead <= place <= len(peers) + 1 - behind


@given(st.lists(POINTS, min_size=9, max_size=20))
def test_some_trial_always_goes_on(peers: list[WatchedR2]) -> None:
    """No rung prunes everybody."""
    rule = PruningRule()
    kept = [
        judged
        for i, judged in enumerate(peers)
        if not rule.decide(judged, peers[:i] + peers[i + 1 :], epoch=2, watch=WATCH).prune
    ]
    assert kept


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5])
def test_a_share_outside_its_range_is_refused(share: float) -> None:
    """Settings are checked where they are made."""
    with pytest.raises(ValueError, match="expected a share in"):
        PruningRule(keep_share=share)


@pytest.mark.parametrize(
    ("name", "value", "minimum"),
    [
        ("min_kept", 0, 1),
        ("min_peers", 0, 1),
        ("recent", 0, 1),
        ("grace_cycles", -1, 0),
        ("patience_cycles", 0, 1),
        ("noise_cycles", -1, 0),
        ("noise_places", 0.5, 1),
    ],
)
def test_counts_below_their_minimum_are_refused(name: str, value: float, minimum: int) -> None:
    """Zero peers would prune the very first trial against nobody."""
    with pytest.raises(ValueError, match=f"{name} is {value}, expected at least {minimum}"):
        PruningRule(**{name: value})


def test_max_kept_is_at_least_min_kept() -> None:
    """The line names the other setting, which whoever wants fewer places has to lower too."""
    with pytest.raises(ValueError, match="max_kept is 3, expected at least min_kept, 4"):
        PruningRule(max_kept=3)


@pytest.mark.parametrize("noise", [-1.0, math.inf, math.nan])
def test_a_noise_that_is_no_number_of_errors_is_refused(noise: float) -> None:
    """An infinite one would never prune."""
    with pytest.raises(ValueError, match="expected a number of standard errors >= 0"):
        PruningRule(noise=noise)


def test_behind_by_less_than_the_noise_is_not_judged_behind() -> None:
    """0.55 stands behind 0.6, the last one kept, by half of a standard error of 0.1."""
    judged = points((0.55, 0.55))[0]
    asked: list[int] = []

    def error(peer: int) -> float:
        asked.append(peer)
        return 0.1

    decision = THIRD.decide(judged, LADDER, epoch=2, watch=WATCH, error=error)
    assert not decision.prune
    assert "behind the last of them by 0.050, within the noise of 0.100" in decision.reason
    assert [LADDER[peer].overall for peer in asked] == [0.6]


@pytest.mark.parametrize("error", [0.04, math.nan])
def test_behind_by_more_than_the_noise_or_by_an_unknown_noise_is_pruned(error: float) -> None:
    """Where nobody stored what the error is, the R² are compared as they are."""
    judged = points((0.55, 0.55))[0]
    assert THIRD.decide(judged, LADDER, epoch=2, watch=WATCH, error=lambda _: error).prune


def test_noise_spares_where_a_start_may_be_slow() -> None:
    """At a trial's first two rungs; later ones tell more, and sparing there costs more."""
    judged = points((0.55, 0.55))[0]

    def is_pruned(rule: PruningRule, cycle: int) -> bool:
        settings = {"epoch": 6, "watch": WATCH, "cycle": cycle, "error": lambda _: 0.1}
        return rule.decide(judged, LADDER, **settings).prune

    late = PruningRule(keep_share=1 / 3, grace_cycles=1)
    assert [is_pruned(THIRD, cycle) for cycle in (1, 2, 3)] == [False, False, True]
    assert [is_pruned(late, cycle) for cycle in (2, 3, 4)] == [False, False, True]
    assert is_pruned(PruningRule(keep_share=1 / 3, noise_cycles=0), 1)


def test_noise_spares_up_to_a_multiple_of_those_that_go_on() -> None:
    """Trials of a sampler that has learned are alike: noise would let all of them past."""
    peers = points(*((i / 1000, i / 1000) for i in range(500, 530)))
    rule = PruningRule(keep_share=0.3, noise_places=2)  # of 31, the best nine go on
    ninth_behind = points((0.5145, 0.5145))[0]
    assert not rule.decide(ninth_behind, peers, epoch=2, watch=WATCH, error=lambda _: 0.1).prune
    far = points((0.5005, 0.5005))[0]
    assert rule.decide(far, peers, epoch=2, watch=WATCH, error=lambda _: 0.1).prune
    lenient = PruningRule(keep_share=0.3, noise_places=4)
    assert not lenient.decide(far, peers, epoch=2, watch=WATCH, error=lambda _: 0.1).prune


def test_of_a_long_rung_only_the_best_few_go_on() -> None:
    """A sampler that learns would send a third of fifty on, and then nearly every late trial."""
    peers = points(*((i / 100, i / 100) for i in range(50)))
    judged = points((0.395, 0.395))[0]
    decision = PruningRule(max_kept=9).decide(judged, peers, epoch=2, watch=WATCH)
    assert decision.prune
    assert "place 11 of 51, the best 9 go on" in decision.reason
    assert not PruningRule(max_kept=11).decide(judged, peers, epoch=2, watch=WATCH).prune


def test_two_metrics_that_disagree_are_both_listened_to() -> None:
    """Best in one metric goes on; middling in both goes, though its mean is higher."""
    front = points((0.9, -0.5), (0.8, -0.4), (0.7, -0.3), (-0.5, 0.9), (-0.4, 0.8), (-0.3, 0.7))
    peers = [*front, *points((0.5, 0.5), (0.45, 0.45), (0.48, 0.48))]
    specialist, middling = points((0.95, -1.0), (0.44, 0.44))
    assert WATCH.score(middling) > WATCH.score(specialist)
    assert not PruningRule().decide(specialist, peers, epoch=2, watch=WATCH).prune
    assert PruningRule().decide(middling, peers, epoch=2, watch=WATCH).prune
