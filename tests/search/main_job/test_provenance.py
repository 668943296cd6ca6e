"""What a study notes of where it came from."""

from pathlib import Path

import optuna
from commands import SIZES, write_tiny

from avq_core.config.data import DataConfig
from search.main_job.provenance import note_data_audit, note_provenance
from studies.records import attributes


def test_the_command_that_started_the_study_stays() -> None:
    """Going on with other workers does not rewrite what it was started with."""
    study = optuna.create_study()
    note_provenance(study, ["--trials", "20"], ["cpu"])
    note_provenance(study, ["--trials", "40"], ["cpu"])
    provenance = study.user_attrs[attributes.PROVENANCE]
    assert provenance["command"] == "python -m search.run --trials 20"
    assert {"python", "torch", "optuna", "numpy"} <= set(provenance["versions"])
    assert "CPU" in provenance["machine"]


def test_the_data_audit_is_kept_short(tmp_path: Path) -> None:
    """Findings and counts, no histograms: a study is read whole whenever it is looked at."""
    study = optuna.create_study()
    note_data_audit(study, str(write_tiny(tmp_path)), DataConfig())
    audit = study.user_attrs[attributes.DATA_AUDIT]
    assert {row["split"]: row["samples"] for row in audit["splits"]} == SIZES
    assert {"level", "message", "mend"} == set(audit["findings"][0])
    assert "histogram" not in audit["tasks"][0]
