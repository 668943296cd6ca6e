"""The experiments: one question a file, an index of them all, and code that cites what exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "experiments"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
NUMBERS = [record.name[:3] for record in RECORDS]
STATUS = re.compile(
    r"^- \*\*Status\*\*: (?:in use|superseded by (\d{3})(?: and (\d{3}))?)", re.MULTILINE
)
CITATION = re.compile(r"docs/experiments(?:/(\d+)|\.md)?")
WITH_CITATIONS = ("avq_core", "benchmarks", "search", "space", "studies", "tests")


def test_the_numbers_run_from_one_without_a_gap() -> None:
    """A number names one file for good."""
    expected = [f"{number:03}" for number in range(1, len(NUMBERS) + 1)]
    assert expected == NUMBERS


@pytest.mark.parametrize("record", RECORDS, ids=NUMBERS)
def test_a_record_has_a_question_a_decision_and_what_was_dropped(record: Path) -> None:
    """Every file has the same head and sections, and says what replaced it where it was replaced."""
    text = record.read_text(encoding="utf-8")
    assert re.match(rf"# {record.name[:3]}: [^\n]+\?\n", text)
    for part in ("- **Decision**: ", "- **Date**: 20", "## Command\n", "## Result", "## Dropped\n"):
        assert part in text, part
    status = STATUS.search(text)
    assert status is not None
    assert {number for number in status.groups() if number} <= set(NUMBERS)


def test_the_index_has_a_row_of_each_record() -> None:
    """Number, question, date and status stand in the index as they stand in the file."""
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\d{3})\]\((\S+)\) \| (.+) \| (\S+) \| (.+) \|$", index, re.MULTILINE)
    assert [row[1] for row in rows] == [record.name for record in RECORDS]
    for number, name, question, date, status in rows:
        text = (FOLDER / name).read_text(encoding="utf-8")
        assert text.startswith(f"# {number}: {question}\n")
        assert f"- **Date**: {date}" in text
        assert f"- **Status**: {status}" in text


def _cited() -> list[tuple[str, str]]:
    """File and cited number of every mention of the experiments in code."""
    return [
        (str(path.relative_to(ROOT)), match[1] or match[0])
        for folder in WITH_CITATIONS
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != Path(__file__)
        for match in CITATION.finditer(path.read_text(encoding="utf-8"))
    ]


def test_code_cites_records_that_exist() -> None:
    """Each mention of the experiments names a number, and there is a file of that number."""
    cited = _cited()
    assert cited
    assert [where for where in cited if where[1] not in NUMBERS] == []
