"""Data of a single task: searched, shown and reported in the words for one."""

import pickle
import re
from pathlib import Path

import pytest
from commands import assert_one_line, make_samples, run, write_space

_OF_TWO = re.compile(
    r"quality quality|all 1 task|both R²|better in both|two watched|cross-modal", re.IGNORECASE
)


def write_one_task(folder: Path) -> Path:
    """40 + 16 + 16 clips with labels of `quality` alone."""
    data = {
        name: make_samples(num, k)
        for k, (name, num) in enumerate((("train", 40), ("val", 16), ("test", 16)))
    }
    for samples in data.values():
        for sample in samples:
            labels = sample["labels"]
            assert isinstance(labels, dict)
            sample["labels"] = {"quality_score": labels["overall_score"]}
    path = folder / "one.pkl"
    path.write_bytes(pickle.dumps(data))
    return path


def test_two_objectives_of_one_task_are_refused(tmp_path: Path) -> None:
    """In one line that says what to take instead, before the study is made."""
    data, space = write_one_task(tmp_path), write_space(tmp_path)
    runs = tmp_path / "runs"
    done = run(
        "search.run", "--data", data, "--space", space, "--runs", runs, "--study", "one",
        "--objective", "pareto", "--devices", "cpu",
    )  # fmt: skip
    assert_one_line(
        done, "--objective is 'pareto', but quality is the only task", "--objective score"
    )
    assert not (runs / "one").exists()


@pytest.mark.slow
def test_one_task_is_named_once(tmp_path: Path) -> None:
    """In the progress, the closing table, `show`, both reports and the exported configuration."""
    data, space = write_one_task(tmp_path), write_space(tmp_path)
    where = ("--runs", tmp_path / "runs")
    searched = run(
        "search.run", "--data", data, "--space", space, *where, "--study", "one", "--trials", 7,
        "--confirm", 1, "--workers", 1, "--devices", "cpu", "--baseline-epochs", 1,
    )  # fmt: skip
    assert searched.returncode == 0, searched.stderr
    shown = run("studies.show", "one", *where)
    for form in ("md", "html"):
        report = tmp_path / f"report.{form}"
        done = run("studies.report", "one", *where, "--format", form, "--out", report)
        assert done.returncode == 0, done.stderr
    told = {
        "closing table": searched.stdout,
        "progress": searched.stderr,
        "show": shown.stdout,
        "report": (tmp_path / "report.md").read_text(),
        "page": re.sub(
            r"<script.*?</script>", "", (tmp_path / "report.html").read_text(), flags=re.DOTALL
        ),
        "best.yaml": (tmp_path / "runs" / "one" / "best.yaml").read_text(),
    }
    for name, text in told.items():
        assert "quality" in text, name
        assert _OF_TWO.search(text) is None, f"{name}: {_OF_TWO.search(text)}"
    assert "difference in R² of" in shown.stdout
    assert "precision: fp32" in told["best.yaml"]
