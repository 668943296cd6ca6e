"""The heat map of task weights and R²."""

from made_records import TASKS, made_study

from studies.analysis.weight_effects import Effect, weight_effects
from studies.plots.weights import min_width, weight_map, weights


def test_a_cell_for_each_pair_with_its_correlation() -> None:
    """Down the weights, across the R²."""
    study = made_study()
    (cells,) = weights(study).data
    effects = weight_effects(study)
    assert list(cells.y) == list(cells.x) == list(TASKS)
    assert cells.z[0][1] == effects[1].correlation
    assert f"over {effects[0].num_trials} trials" in cells.hovertext[0][0]


def test_what_stands_out_is_marked_and_what_is_missing_left_blank() -> None:
    """A star, not the colour alone."""
    out = Effect(weight_of="a", r2_of="a", correlation=0.9, num_trials=40, stands_out=True)
    plain = Effect(weight_of="b", r2_of="b", correlation=-0.1, num_trials=40, stands_out=False)
    (cells,) = weight_map([out, plain]).data
    assert cells.text[0][0] == "<b>+0.90 *</b>"
    assert cells.text[1][1] == "-0.10"
    assert cells.z[0][1] is None


def test_many_tasks_get_cells_without_words_and_room_enough() -> None:
    """Seventeen of them would write over each other."""
    tasks = [f"task_{place}" for place in range(17)]
    effects = weight_effects(made_study(tasks=tasks))
    (cells,) = weight_map(effects).data
    assert cells.text is None
    assert min_width(effects) > 17 * 20


def test_nothing_is_drawn_of_a_study_that_searched_no_weights() -> None:
    """Nor of one with too few complete trials."""
    assert weights(made_study(trials=5)) is None
