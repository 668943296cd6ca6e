"""`studies.report`: one page that needs nothing but itself."""

from html.parser import HTMLParser
from pathlib import Path

import optuna
from commands import assert_one_line, run

from studies import records
from studies.records import read_study
from studies.report import headline, page


class Balance(HTMLParser):
    """Fails where tags do not close in order; keeps what would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens."""
        if tag != "meta":
            self.open.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_endtag(self, tag: str) -> None:
        """Closes."""
        assert self.open.pop() == tag


def check(html: str) -> None:
    parser = Balance()
    parser.feed(html)
    assert parser.open == []
    assert parser.fetched == []
    assert "<script" not in html
    assert "@import" not in html
    assert "url(" not in html


def test_the_command_writes_the_page_into_the_studys_folder(
    confirmed: optuna.Study, runs: Path
) -> None:
    """By default beside the study, or where it is told to."""
    done = run("studies.report", "tiny", "--runs", runs)
    assert done.returncode == 0, done.stderr
    html = (runs / "tiny" / "report.html").read_text(encoding="utf-8")
    check(html)
    assert "pruned &lt;here&gt; &amp; there" in html
    assert "0.310 [0.210, 0.410]" in html
    other = runs / "other.html"
    assert run("studies.report", "tiny", "--runs", runs, "--out", other).returncode == 0
    assert other.is_file()


def test_pages_of_every_stage_are_whole(study: optuna.Study, empty: optuna.Study) -> None:
    """Before the first trial and in the middle of a search."""
    for each in (study, empty):
        check(page(read_study(each)))


def test_the_headline_says_what_was_confirmed(study: optuna.Study, empty: optuna.Study) -> None:
    """And says so where nothing was."""
    assert headline(read_study(empty)) == ["No trial is complete yet."]
    said = " ".join(headline(read_study(study)))
    assert "trial #1 reached cross_modal R² 0.550 and overall R² 0.450" in said
    assert "manual's configuration (#0) reached cross_modal R² 0.150" in said
    assert "not confirmed yet" in said


def test_the_headline_of_a_confirmed_study_begins_with_test(confirmed: optuna.Study) -> None:
    """The chosen trial's figures, not the best's."""
    tested, first, second, *_ = headline(read_study(confirmed))
    assert first.startswith("On test the chosen configuration beats the manual's in cross_modal")
    assert second.startswith("On test the chosen configuration beats the manual's in overall")
    assert "Trial #2" in tested
    assert "overall R² 0.310 on the test split" in tested


def test_a_study_that_is_not_there(study: optuna.Study, runs: Path) -> None:
    """One line, no page."""
    assert_one_line(run("studies.report", "other", "--runs", runs), "no study 'other'")


def test_why_a_study_ended_early_stands_at_the_top(study: optuna.Study) -> None:
    """In the first paragraph."""
    assert "Stopped" not in page(read_study(study))
    study.set_user_attr(records.STOPPED, "after 40 trials, since little is to come")
    first = page(read_study(study)).split("</p>")[0]
    assert "Stopped: after 40 trials, since little is to come." in first
