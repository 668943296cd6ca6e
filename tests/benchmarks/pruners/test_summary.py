"""Intervals over simulated studies."""

from benchmarks.pruners.simulate import Result, SimulatedStudy
from benchmarks.pruners.summary import summarise, table


def study(pair: str, *, median: float, ours: float) -> SimulatedStudy:
    """A study in which the two rules have these regrets."""

    def result(regret: float) -> Result:
        return Result(
            epochs=10, share=0.1, complete=3, missed=regret > 0, regret=regret, scaled=2 * regret
        )

    results = {"median": result(median), "cycle": result(ours)}
    return SimulatedStudy(pair=pair, name="some", trials=5, best=1.0, results=results)


def test_differences_are_paired_by_study() -> None:
    """Regrets that vary together differ by a constant, so the interval has no width."""
    studies = [study("a", median=regret, ours=regret + 0.5) for regret in (0.0, 1.0, 5.0)]
    _, ours = summarise(studies, seed=0)
    assert ours.difference.to_dict() == {"value": 0.5, "low": 0.5, "high": 0.5}
    assert ours.scaled_difference.value == 1
    assert ours.regret.low < ours.regret.value < ours.regret.high


def test_studies_of_one_pair_count_as_a_cluster() -> None:
    """Two pairs that agree within and differ from each other leave the mean uncertain."""
    studies = [study(pair, median=0, ours=pair == "b") for pair in "ab" for _ in range(50)]
    _, ours = summarise(studies, seed=0)
    assert ours.missed.value == 0.5
    assert (ours.regret.low, ours.regret.high) == (0, 1)


def test_the_table_has_a_row_a_rule() -> None:
    """Shares in per cent, each with its interval."""
    lines = table(summarise([study("a", median=0, ours=1)] * 2, seed=0)).splitlines()
    assert [line.split()[0] for line in lines] == ["rule", "median", "cycle"]
    assert "10.0 % [10.0, 10.0]" in lines[2]
    assert "100.0 % [34.2, 100.0]" in lines[2]
