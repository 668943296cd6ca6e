"""What the report says of data and origin."""

import dataclasses

from made_records import confirmed, made_study

from studies.records.provenance import DataAudit
from studies.records.study import StudyRecord
from studies.report.document import Block, Code, Folded, Points, Section
from studies.report.provenance import provenance_sections, trial_table
from studies.table import Table


def sections(study: StudyRecord) -> dict[str, Section]:
    """By their anchors."""
    return {section.anchor: section for section in provenance_sections(study)}


def tables(blocks: list[Block]) -> dict[str, Table]:
    """By their titles, the folded ones too."""
    by_title = [block.table if isinstance(block, Folded) else block for block in blocks]
    return {table.title: table for table in by_title if isinstance(table, Table)}


def test_the_datas_audit_is_told() -> None:
    """Findings with how to mend them, splits, labels by task and split, streams."""
    blocks = sections(confirmed(made_study()))["data"].blocks
    assert blocks[0] == Points(sentences=["warning: a column is constant (drop it)"])
    by_title = tables(blocks)
    assert by_title["splits"].rows[0] == ["train", "320", "80"]
    assert by_title["valid labels"].head == ["task", "train", "val", "test"]
    assert by_title["valid labels"].rows[0] == ["lip_sync", *["70 (28% missing)"] * 3]
    assert by_title["streams"].rows == [["visual", "train", "320 × 30 × 163", "12"]]


def test_an_audit_that_found_nothing_says_so() -> None:
    """And a study without an audit has no such section."""
    study = dataclasses.replace(made_study(), data_audit=DataAudit())
    assert sections(study)["data"].blocks == ["The data audit found nothing."]
    assert "data" not in sections(made_study())


def test_commands_have_the_study_again() -> None:
    """The search's command, and export and training with the options that give the same metrics."""
    blocks = sections(confirmed(made_study()))["reproduce"].blocks
    typed = [line for block in blocks if isinstance(block, Code) for line in block.lines]
    train = "python -m avq_core.train --config best.yaml --data demo --out models/best"
    assert typed == [
        "python -m search.run --data demo --study made",
        "python -m studies.export --out best.yaml made",
        f"{train} --device cpu --threads 1",
    ]


def test_names_are_quoted_for_the_shell() -> None:
    """As they are typed, they name the study and nothing else."""
    study = dataclasses.replace(made_study(name="-a b; c"), data_source="my data.pkl")
    blocks = sections(study)["reproduce"].blocks
    typed = [line for block in blocks if isinstance(block, Code) for line in block.lines]
    assert typed[0] == "python -m studies.export --out best.yaml -- '-a b; c'"
    assert "--data 'my data.pkl'" in typed[1]


def test_what_it_was_made_of_is_told() -> None:
    """Fingerprints, settings and versions; openings of test with their times."""
    by_title = tables(sections(confirmed(made_study()))["reproduce"].blocks)
    rows = dict(by_title["provenance"].rows)
    assert rows["data fingerprint"] == "d" * 32
    assert rows["setting seed"] == "7"
    assert rows["versions"] == "optuna 5.0.0"
    assert rows["started"] == "2026-11-26 02:20:00"
    assert by_title["openings of the test split: 1"].rows == [["2026-11-26 02:40:00", "#15, #0"]]


def test_an_earlier_study_says_what_it_did_not_note() -> None:
    """In place of a blank."""
    by_title = tables(sections(made_study())["reproduce"].blocks)
    assert dict(by_title["provenance"].rows)["machine"] == "not recorded by this study"


def test_every_trial_stands_with_its_reason() -> None:
    """Best and baseline are marked."""
    study = made_study()
    table = trial_table(study)
    assert len(table.rows) == len(study.trials)
    assert table.rows[0][-1] == "finished all 14 epochs"
    assert (table.marks[0], table.marks[15]) == ("baseline", "best")
