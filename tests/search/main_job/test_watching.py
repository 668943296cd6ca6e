"""Which tasks are watched: two, one for both, or the only one there is."""

import pytest

from avq_core.errors import ConfigError
from search.main_job.watching import watched_tasks
from search.settings import Settings
from studies.score import Watch

TASKS = ("lip_sync", "cross_modal", "overall")


def _never(line: str) -> None:
    pytest.fail(line)


def test_the_usual_two_are_watched_where_they_are() -> None:
    """Without an option, in data that has both."""
    assert watched_tasks(Settings(), TASKS, _never) == Watch()


def test_the_only_task_is_watched_as_both_and_that_is_said() -> None:
    """Pruner and score then see one metric twice."""
    said: list[str] = []
    watch = watched_tasks(Settings(), ("quality",), said.append)
    assert (watch.cross_modal, watch.overall) == ("quality", "quality")
    assert watch.score(watch.pick({"quality": 0.4})) == pytest.approx(0.4)
    assert said == ["watching the only task, quality"]


def test_one_named_task_is_watched_as_both() -> None:
    """One name is enough."""
    watch = watched_tasks(Settings(watch=("overall",)), TASKS, _never)
    assert (watch.cross_modal, watch.overall) == ("overall", "overall")


@pytest.mark.parametrize(
    ("watch", "tasks", "mend"),
    [
        (None, ("quality",), "take `objective` score$"),
        (("quality",), ("quality",), "take `objective` score$"),
        (("overall",), TASKS, "score, or name two tasks with `watch`$"),
        (("overall", "overall"), TASKS, "score, or name two tasks with `watch`$"),
    ],
)
def test_one_task_makes_no_two_objectives(
    watch: tuple[str, ...] | None, tasks: tuple[str, ...], mend: str
) -> None:
    """Both would be the same number."""
    settings = Settings(watch=watch, objective="pareto")
    with pytest.raises(ConfigError, match=f"is the only task that is watched, so both.*{mend}"):
        watched_tasks(settings, tasks, lambda _line: None)


def test_other_tasks_must_be_named() -> None:
    """There is no way to guess which of many matter."""
    with pytest.raises(
        ConfigError, match=r"tasks are a, b, not cross_modal and overall; say with `watch`"
    ):
        watched_tasks(Settings(), ("a", "b"), _never)


@pytest.mark.parametrize("watch", [(), ("",), ("a", ""), ("a", "b", "c")])
def test_a_wrong_list_is_told(watch: tuple[str, ...]) -> None:
    """Two names, or one."""
    with pytest.raises(ConfigError, match="expected two tasks such as cross_modal,overall, or one"):
        Settings(watch=watch)


def test_score_weights_are_shares() -> None:
    """3 to 1 is three quarters for the first."""
    settings = Settings(score_weights=(3, 1))
    assert watched_tasks(settings, TASKS, _never) == Watch(cross_modal_weight=0.75)


@pytest.mark.parametrize(
    "weights", [(0, 0), (-1, 2), (1,), (1, 1, 1), (float("nan"), 1), (float("inf"), 1)]
)
def test_wrong_score_weights_are_told(weights: tuple[float, ...]) -> None:
    """They are divided by their sum."""
    with pytest.raises(
        ConfigError, match=r"`score_weights` is '.*', expected two numbers >= 0, not"
    ):
        Settings(score_weights=weights)  # type: ignore[arg-type]
