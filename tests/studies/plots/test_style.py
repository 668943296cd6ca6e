"""Shared style: marks by kind, escaped words, hover texts."""

import dataclasses

from made_records import made_study, with_confirmation

from studies.plots.style import by_kind, marks, short, tip, words


def test_words_are_escaped_and_stay_on_their_line() -> None:
    """Plotly takes some HTML, so that a name might be markup."""
    assert words("<b>a & b</b>\nc") == "&lt;b&gt;a &amp; b&lt;/b&gt; c"


def test_short_names_say_what_a_weight_is_of() -> None:
    """`overall` alone would be taken for a task's R²."""
    assert short("optim.lr") == "lr"
    assert short("training.task_weights.overall") == "weight of overall"


def test_the_best_and_the_chosen_trial_have_marks_of_their_own() -> None:
    """Each trial has one mark; the best lies on top of the baseline and of the rest."""
    study = made_study()
    groups = by_kind(with_confirmation(study, chosen=2), study.trials)
    names = [name for name, _, _ in groups]
    assert names == ["pruned", "complete", "baseline", "best", "chosen"]
    assert sum(len(members) for _, _, members in groups) == len(study.trials)
    assert len({(kind.symbol, kind.colour) for _, kind, _ in groups}) == len(groups)


def test_one_trial_can_be_both_best_and_chosen() -> None:
    """The legend says so."""
    study = made_study()
    best = next(members[0] for name, _, members in by_kind(study, study.trials) if name == "best")
    groups = by_kind(with_confirmation(study, chosen=best.number), study.trials)
    assert [name for name, _, _ in groups][-1] == "best, chosen"


def test_a_hover_text_has_the_metrics_and_the_reason() -> None:
    """Task names and reasons are escaped in it as well."""
    study = made_study(tasks=("a", "<i>b</i>", "c"))
    trial = dataclasses.replace(study.trials[3], reason="<script>here</script>")
    hover = tip(study, trial)
    assert "<b>trial 3</b>, complete" in hover
    assert "&lt;i&gt;b&lt;/i&gt; R²" in hover
    assert "&lt;script&gt;here" in hover
    assert all(
        len(trace.hovertext) == len(trace.x) for trace in marks(study, [trial], lambda _: (0, 0))
    )
