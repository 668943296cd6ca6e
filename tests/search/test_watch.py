"""Which tasks are watched: two, one for both, or the only one there is."""

import pytest

from avq_core.errors import ConfigError
from search.watching import cross_modal_weight, watched_tasks
from studies.score import Watch

TASKS = ("lip_sync", "cross_modal", "overall")


def _never(line: str) -> None:
    pytest.fail(line)


def test_the_usual_two_are_watched_where_they_are() -> None:
    """Without an option, in data that has both."""
    assert watched_tasks(None, TASKS, 0.5, _never) == Watch()


def test_the_only_task_plays_both_figures_and_that_is_said() -> None:
    """Pruner and score then look at one figure twice."""
    told: list[str] = []
    watch = watched_tasks(None, ("quality",), 0.5, told.append)
    assert (watch.cross_modal, watch.overall) == ("quality", "quality")
    assert watch.score(watch.figures({"quality": 0.4})) == pytest.approx(0.4)
    assert told == ["watching the only task, quality, as both figures"]


def test_one_named_task_plays_both_figures() -> None:
    """`--watch overall` is enough."""
    watch = watched_tasks("overall", TASKS, 0.5, _never)
    assert (watch.cross_modal, watch.overall) == ("overall", "overall")


def test_other_tasks_must_be_named() -> None:
    """There is no way to guess which of many matter."""
    with pytest.raises(ConfigError, match=r"tasks are a, b, not cross_modal and overall; say with"):
        watched_tasks(None, ("a", "b"), 0.5, _never)


@pytest.mark.parametrize("asked", ["", "a,", "a,b,c"])
def test_a_wrong_list_is_told(asked: str) -> None:
    """Two names, or one."""
    with pytest.raises(ConfigError, match="expected two tasks such as cross_modal,overall, or one"):
        watched_tasks(asked, TASKS, 0.5, _never)


def test_score_weights_are_shares() -> None:
    """3 to 1 is three quarters for the first."""
    assert cross_modal_weight("3,1") == 0.75
    with pytest.raises(ConfigError, match="expected two numbers >= 0, not both 0"):
        cross_modal_weight("0,0")
