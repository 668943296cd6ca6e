"""`studies.dashboard.study_note`: the verdict, what was tried, and commands to go on with."""

import dataclasses

import optuna

from studies.dashboard.study_note import study_note
from studies.records.provenance import Provenance
from studies.records.read import read_study


def test_the_verdict_comes_first(confirmed: optuna.Study) -> None:
    """Before any table."""
    text = study_note(read_study(confirmed), [])
    assert text.startswith("## tiny\n\n**Trial #2, chosen on folds")
    assert text.index("beats the manual's") < text.index("|")


def test_it_has_the_confirmed_metrics(confirmed: optuna.Study) -> None:
    """Those of the folds and those of the test split."""
    text = study_note(read_study(confirmed), [])
    assert "### Confirmed with fresh seeds" in text
    assert "0.330" in text.split("### Confirmed")[1]
    assert "0.310 [0.210, 0.410]" in text.split("### The test split")[1]


def test_what_is_not_there_has_no_heading(study: optuna.Study) -> None:
    """Before the confirmation."""
    text = study_note(read_study(study), [])
    assert "Confirmed" not in text
    assert "The test split" not in text
    assert "not confirmed yet" in text


def test_counts_what_has_ended(study: optuna.Study) -> None:
    """Not what is under way, so that the note changes with what is new only."""
    before = read_study(study)
    text = study_note(before, [])
    assert "4 finished: 3 complete, 1 pruned; 1 failed or requeued" in text
    waiting = dataclasses.replace(before.trials[6], number=7)
    more = dataclasses.replace(before, trials=[*before.trials, waiting])
    assert study_note(more, []) == text


def test_commands_lead_to_the_study(study: optuna.Study) -> None:
    """With the folder it was opened in; a study that holds its command gives that."""
    record = read_study(study)
    where = ["--runs", "my runs"]
    text = study_note(record, where)
    assert "python -m search.run --study tiny --data demo --trials 200 --runs 'my runs'" in text
    assert "python -m studies.report tiny --runs 'my runs'" in text
    assert "python -m studies.export tiny --out best.yaml --runs 'my runs'" in text
    made = dataclasses.replace(
        record, provenance=Provenance(command="python -m search.run --seed 3")
    )
    assert "\npython -m search.run --seed 3\n" in study_note(made, where)


def test_an_empty_study_has_a_note(empty: optuna.Study) -> None:
    """Nothing was tried yet."""
    assert "No trial is complete yet" in study_note(read_study(empty), [])
