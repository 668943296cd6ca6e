"""The main job as a process: the whole road, resuming, refusing, being killed."""

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import (
    SIZES,
    TASKS,
    assert_one_line,
    run,
    run_process,
    write_space,
    write_tiny,
)

from avq_core.run_command import run_command
from search.cli import SETTING_NAMES
from search.run import command
from studies.errors import StudyError
from studies.records import attributes
from studies.records.read import read_study
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord
from studies.storage.open import open_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny file, a tiny space, and a finished study of 6 trials."""
    folder = tmp_path_factory.mktemp("road")
    write_tiny(folder)
    write_space(folder)
    return folder


@pytest.fixture(scope="module")
def finished(folder: Path) -> subprocess.CompletedProcess[str]:
    """The main job, run to its end."""
    return run_process("search.run", *base(folder), "--trials", 6, "--confirm", 2)


def search(folder: Path, *options: object) -> subprocess.CompletedProcess[str]:
    return run("search.run", *base(folder), *options)


def base(folder: Path) -> tuple[object, ...]:
    return (
        "--data", folder / "tiny.pkl", "--space", folder / "tiny_space.yaml",
        "--runs", folder / "runs", "--study", "tiny", "--workers", 2, "--devices", "cpu",
        # One epoch of the manual's network costs what a hundred of the tiny ones do.
        "--baseline-epochs", 1,
    )  # fmt: skip


def stored(folder: Path, name: str = "tiny") -> StudyRecord:
    return read_study(open_study(folder / "runs", name, None))


def test_the_whole_road(finished: subprocess.CompletedProcess[str], folder: Path) -> None:
    """From a file to a searched, confirmed, exported, trained model that scores new clips."""
    assert finished.returncode == 0, finished.stderr
    study = stored(folder)
    assert [t.state in {"complete", "pruned"} for t in study.trials] == [True] * 6
    assert study.trials[0].baseline
    assert study.trials[0].config is not None
    assert study.trials[0].config["model"]["hidden_dim"] == 512
    assert study.confirmation is not None
    assert study.confirmation.test_openings == 1
    for word in ("baseline #0", "best #", "overall *", "confirmed:", "test split, opened once"):
        assert word in finished.stdout

    best = folder / "runs" / "tiny" / "best.yaml"
    exported = yaml.safe_load(best.read_text())
    assert exported["trial"] == study.chosen

    trained = run(
        "avq_core.train", "--config", best, "--data", folder / "tiny.pkl", "--device", "cpu",
        "--out", folder / "model", "--runs", folder / "runs", "--threads", 1,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    assert study.test is not None
    assert study.test.chosen.r2_first is not None
    told = study.test.chosen.r2_first["overall"].value
    again = yaml.safe_load((folder / "model" / "model.yaml").read_text())["provenance"]
    assert again["test_r2"]["overall"]["value"] == pytest.approx(told, abs=1e-4)

    scores = folder / "scores.csv"
    scored = run(
        "avq_core.predict", "--model", folder / "model", "--data", folder / "tiny.pkl",
        "--out", scores, "--device", "cpu",
    )  # fmt: skip
    assert scored.returncode == 0, scored.stderr
    lines = scores.read_text().splitlines()
    assert lines[0] == "split,index,group," + ",".join(TASKS)
    assert len(lines) == 1 + sum(SIZES.values())


def test_the_confirmation_is_paired_and_test_is_opened_with_five_seeds(
    finished: subprocess.CompletedProcess[str], folder: Path
) -> None:
    """All that the report tells of the choice is stored: why, how sure, when, and what was said."""
    assert finished.returncode == 0
    study = stored(folder)
    assert study.confirmation is not None
    confirmation, rows = study.confirmation, study.confirmation.candidates
    assert [row.trial for row in rows if row.baseline] == [0]
    assert (confirmation.rule or "").startswith(f"#{study.chosen} is chosen: ")
    whole = {row.num_runs for row in rows if row.dropped is None}
    assert whole <= {confirmation.folds, 2 * confirmation.folds}
    assert all(row.num_runs <= max(whole) for row in rows)
    assert confirmation.optimism is not None
    assert confirmation.optimism >= 0
    assert all(row.parameters > 0 for row in rows)
    test = study.test
    assert test is not None
    assert test.baseline is not None
    for entry in (test.chosen, test.baseline):
        for metric in (entry.r2, entry.spearman, entry.pearson, entry.mae):
            assert set(metric) == set(TASKS)
    gap = test.difference["overall"]
    assert gap.low_all < gap.low < gap.value < gap.high < gap.high_all
    (opening,) = confirmation.openings
    assert opening.chosen == study.chosen
    kept = study.predictions
    assert kept is not None
    assert len(kept.truth) == SIZES["test"] == kept.clips
    assert len(kept.chosen or ()) == len(kept.baseline or ())
    assert study.data_audit is not None
    assert {size.split for size in study.data_audit.splits} == set(SIZES)
    assert study.provenance is not None
    assert (study.provenance.command or "").startswith("python -m search.run --data ")
    assert "torch" in study.provenance.versions
    assert f"Search score of #{study.chosen}: " in finished.stdout
    assert "rank and linear correlation, and error, on test" in finished.stdout


def test_simple_models_stand_beside_the_network(
    finished: subprocess.CompletedProcess[str], folder: Path
) -> None:
    """Fitted once, on val in the search's table and on test with a verdict in words."""
    assert finished.returncode == 0
    study = stored(folder)
    assert list(study.simple) == ["train mean", "ridge", "random forest"]
    assert set(study.simple["ridge"]) == set(TASKS)
    test = study.test
    assert test is not None
    assert set(test.simple) == set(study.simple)
    score = {name: study.watch.score_of(r2) for name, r2 in study.simple.items()}
    assert test.simple_best == max(score, key=lambda name: score[name])
    assert "ridge" in finished.stdout
    assert f"the {test.simple_best}, the best simple model, in overall" in finished.stdout
    printed = run(
        "avq_core.baselines", folder / "tiny.pkl", "--runs", folder / "runs", "--test", "--json"
    )
    told = json.loads(printed.stdout)["r2"]
    assert told["val"] == study.simple
    assert told["test"]["ridge"] == {
        task: interval.value for task, interval in test.simple["ridge"].items()
    }


def test_the_ensemble_of_the_confirmed_trains_and_scores(
    finished: subprocess.CompletedProcess[str], folder: Path
) -> None:
    """Exported, trained and used, it gives the test metrics that stand beside the single best."""
    assert "ensemble of 2" in finished.stdout
    test_result = stored(folder).test
    assert test_result is not None
    assert test_result.ensemble is not None
    path = folder / "ensemble.yaml"
    exported = run("studies.export", "tiny", "--ensemble", "--out", path, "--runs", folder / "runs")
    assert exported.returncode == 0, exported.stderr
    trained = run(
        "avq_core.train", "--config", path, "--data", folder / "tiny.pkl", "--device", "cpu",
        "--out", folder / "mean", "--runs", folder / "runs", "--threads", 1,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    scored = run(
        "avq_core.predict", "--model", folder / "mean", "--data", folder / "tiny.pkl",
        "--out", folder / "mean.csv", "--device", "cpu",
    )  # fmt: skip
    assert scored.returncode == 0, scored.stderr
    assert "the mean of 2 models" in scored.stdout
    (test,) = [line for line in scored.stdout.splitlines() if line.startswith("test:")]
    wanted = test_result.ensemble.r2["overall"].value
    assert float(test.split("overall ")[1].split()[0]) == pytest.approx(wanted, abs=2e-3)


@pytest.mark.slow
def test_a_study_begins_at_its_spaces_first_point(tmp_path: Path) -> None:
    """After the manual's configuration in a short one; once, however often it goes on."""
    write_tiny(tmp_path)
    values = yaml.safe_load(write_space(tmp_path).read_text())
    start = {path: _lowest(spec) for path, spec in values["parameters"].items()}
    own = tmp_path / "own.yaml"
    own.write_text(yaml.safe_dump(values | {"start": start}))
    for total in (2, 3):
        done = run(
            "search.run", "--data", tmp_path / "tiny.pkl", "--space", own, "--study", "own",
            "--runs", tmp_path / "runs", "--workers", 1, "--devices", "cpu", "--trials", total,
            "--confirm", 0, "--baseline-epochs", 1,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    trials = stored(tmp_path, "own").trials
    assert trials[0].baseline
    assert trials[1].params == pytest.approx(start)
    assert trials[2].params != start


def _lowest(spec: dict[str, Any]) -> Any:
    if "choices" in spec:
        return spec["choices"][0]
    return float(spec["low"]) if spec["type"] == "float" else spec["low"]


def test_the_same_command_again_finds_all_done(
    finished: subprocess.CompletedProcess[str], folder: Path
) -> None:
    """Nothing is trained again, and the test split stays closed."""
    before = stored(folder)
    again = search(folder, "--trials", 6, "--confirm", 2)
    assert again.returncode == 0, again.stderr
    assert "all 6 trials are done" in again.stderr
    assert stored(folder).confirmation == before.confirmation
    assert again.stdout == finished.stdout


def test_results_that_cannot_be_written_do_not_hide_the_table(
    finished: subprocess.CompletedProcess[str], folder: Path
) -> None:
    """A folder in the page's place stands for any reason, such as a full disk."""
    best, page = folder / "runs" / "tiny" / "best.yaml", folder / "runs" / "tiny" / "report.html"
    best.unlink()
    page.rename(folder / "kept.html")
    page.mkdir()
    try:
        done = search(folder, "--trials", 6, "--confirm", 2)
    finally:
        page.rmdir()
        (folder / "kept.html").rename(page)
    table = finished.stdout.partition("\nbest configuration: ")[0]
    assert done.stdout == table
    assert_one_line(done, str(page), "the study holds all results")
    assert best.is_file()


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), KeyError("a bug")])
def test_an_error_of_the_report_comes_after_the_table(
    finished: subprocess.CompletedProcess[str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    """A library's cache that cannot be written is told in one line; a bug stays one."""

    def fail(_: StudyRecord) -> str:
        raise error

    monkeypatch.setattr("studies.report.build.page", fail)
    argv = [*map(str, base(folder)), "--trials", "6", "--confirm", "2"]
    with nullcontext() if isinstance(error, OSError) else pytest.raises(KeyError, match="a bug"):
        assert run_command(command, argv, settings=SETTING_NAMES) == 2
    out, errors = capsys.readouterr()
    assert out == finished.stdout.partition("\nbest configuration: ")[0]
    last = errors.splitlines()[-1]
    assert last.startswith("error: cannot make ") == isinstance(error, OSError)
    assert ("report.html (PermissionError: " in last) == isinstance(error, OSError)


@pytest.mark.slow
def test_a_larger_total_goes_on(finished: subprocess.CompletedProcess[str], folder: Path) -> None:
    """`--trials` is the study's total, so 8 after 6 runs two more."""
    more = search(folder, "--trials", 8, "--confirm", 0)
    assert more.returncode == 0, more.stderr
    assert "resumes: 6 of 8" in more.stderr
    assert len(stored(folder).trials) == 8


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (("--epochs", 2), ("epochs", "the study has 3, asked 2", "--study")),
        (("--score-weights", "1,0"), ("cross_modal_weight", "--study")),
        (("--seed", 5), ("seed", "--study")),
    ],
)
def test_a_study_refuses_other_settings(
    finished: subprocess.CompletedProcess[str],
    folder: Path,
    options: tuple[object, ...],
    parts: tuple[str, ...],
) -> None:
    """And says which differs."""
    assert_one_line(search(folder, "--trials", 9, *options), "was made differently", *parts)


def test_a_study_refuses_other_data_and_another_space(
    finished: subprocess.CompletedProcess[str], folder: Path, tmp_path: Path
) -> None:
    """One changed label makes other data; one moved bound another space."""
    data = pickle.loads((folder / "tiny.pkl").read_bytes())
    data["train"][3]["labels"]["overall_score"] = 0.123
    (tmp_path / "tiny.pkl").write_bytes(pickle.dumps(data))
    text = (folder / "tiny_space.yaml").read_text()
    (tmp_path / "tiny_space.yaml").write_text(text.replace("3e-2", "2e-2"))
    assert_one_line(search(folder, "--data", tmp_path / "tiny.pkl"), "was made differently", "data")
    assert_one_line(
        search(folder, "--space", tmp_path / "tiny_space.yaml"), "was made differently", "space"
    )


@pytest.mark.slow
def test_a_study_may_live_in_postgresql(folder: Path, postgresql: str) -> None:
    """The same road over a server: budget, lock, resume and what the other commands read."""
    options = ("--storage", postgresql, "--study", "shared", "--confirm", 0)
    done = search(folder, "--trials", 4, *options)
    assert done.returncode == 0, done.stderr
    more = search(folder, "--trials", 5, *options)
    assert "resumes: 4 of 5" in more.stderr
    shown = run("studies.show", "shared", "--storage", postgresql, "--json")
    counts = json.loads(shown.stdout)["counts"]
    assert counts["complete"] + counts["pruned"] == 5
    assert (folder / "runs" / "shared" / "best.yaml").exists()


@pytest.fixture
def refuse(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Gives the one line with which the command refuses options, in this process."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # SIGTERM stays this process's own

    def refused(*options: object) -> str:
        argv = [str(word) for word in (*base(folder), "--study", "never", *options)]
        status = run_command(command, argv, settings=SETTING_NAMES)
        told = capsys.readouterr()
        assert (status, told.out) == (2, "")
        (error,) = [line for line in told.err.splitlines() if line.startswith("error: ")]
        assert told.err.endswith(f"{error}\n")
        return error

    return refused


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (("--trials", 0), ("--trials is 0", ">= 1")),
        (("--devices", "tpu"), ("device is 'tpu'", "cpu")),
        (("--devices", "cuda:93"), ("device is 'cuda:93'", "CUDA device")),
        (("--warm-start", "nobody"), ("no study 'nobody'",)),
        (("--warm-start", "never"), ("--warm-start is 'never', the study itself",)),
        (("--enqueue", "no/such.yaml"), ("no/such.yaml",)),
        (("--space", "huge"), ("huge", "small", "full")),
        (("--space", "no/such.yaml"), ("no/such.yaml",)),
        (("--watch", "smile,overall"), ("--watch names 'smile'", "lip_sync, cross_modal, overall")),
        (("--storage", "nonsense"), ("the storage is not a URL", "sqlite:///")),
        (("--data", "no/such.pkl"), ("no/such.pkl",)),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_a_wrong_option_is_told_in_one_line(
    folder: Path,
    refuse: Callable[..., str],
    options: tuple[object, ...],
    parts: tuple[str, ...],
) -> None:
    """Got, expected, mend; exit 2; nothing started. `tests/search/test_cli.py` has all flags."""
    error = refuse(*options)
    for part in parts:
        assert part in error
    assert not (folder / "runs" / "never").exists()


def test_a_wrong_option_of_the_process_is_told_in_one_line(folder: Path) -> None:
    """As the command itself ends: no traceback."""
    assert_one_line(search(folder, "--sampler", "oracle"), "--sampler is 'oracle'", "tpe")


def test_a_runs_folder_that_cannot_be_written_is_told(
    folder: Path, refuse: Callable[..., str]
) -> None:
    """Before anything is computed. A file in its place stands for any reason not to be able to."""
    blocked = folder / "a_file"
    blocked.write_text("")
    assert str(blocked) in refuse("--runs", blocked / "runs")


def test_help_is_quick_and_imports_no_torch() -> None:
    """Under half a second on a machine at rest; what makes it so is that nothing heavy loads."""
    code = (
        "import sys, runpy; sys.argv = ['run', '--help']\n"
        "try: runpy.run_module('search.run', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'numpy', 'optuna', 'sqlalchemy', 'sklearn', 'pydantic', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--trials" in done.stdout


def start(folder: Path, *options: object) -> subprocess.Popen[str]:
    """Starts the main job in a process group of its own."""
    command = [sys.executable, "-m", "search.run", *map(str, (*base(folder), *options))]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_for_trials(job: subprocess.Popen[str], folder: Path, name: str, finished: int) -> None:
    """Until a job's study holds so many finished trials and runs another."""
    deadline = time.monotonic() + 300  # processes of this suite may starve it
    while time.monotonic() < deadline:
        if (folder / "runs" / name / "study.db").exists():
            # Read here: in the time that a command takes to start, tiny trials all come to their end.
            with contextlib.suppress(StudyError):
                counts = stored(folder, name).counts
                if counts.finished >= finished and counts.running:
                    return
        if job.poll() is not None:
            _, errors = job.communicate()
            raise AssertionError(f"{name} ended with status {job.returncode}: {errors}")
        time.sleep(0.1)
    raise AssertionError(f"{name} did not get to {finished} trials")


@pytest.fixture
def group() -> Iterator[list[subprocess.Popen[str]]]:
    """Process groups that must not outlive a test."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.slow
def test_killed_outright_the_study_goes_on_to_its_exact_total(
    folder: Path, group: list[subprocess.Popen[str]]
) -> None:
    """Kill -9 of the parent and all workers; then the same command; no trial is left running."""
    job = start(folder, "--study", "killed", "--trials", 20, "--confirm", 0)
    group.append(job)
    wait_for_trials(job, folder, "killed", 3)
    os.killpg(job.pid, signal.SIGKILL)
    job.communicate()
    assert any(t.state == "running" for t in stored(folder, "killed").trials)
    done = search(folder, "--study", "killed", "--trials", 20, "--confirm", 0)
    assert done.returncode == 0, done.stderr
    states = [t.state for t in stored(folder, "killed").trials]
    assert states.count("complete") + states.count("pruned") == 20
    assert not {"running", "waiting"} & set(states)


@pytest.mark.slow
def test_workers_of_a_killed_parent_requeue_and_end(
    folder: Path, group: list[subprocess.Popen[str]]
) -> None:
    """An orphan would train on unseen, beside the workers of the next run."""
    job = start(folder, "--study", "orphans", "--trials", 500, "--confirm", 0)
    group.append(job)
    wait_for_trials(job, folder, "orphans", 2)
    os.kill(job.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if not any(t.state == "running" for t in stored(folder, "orphans").trials):
            break
        time.sleep(0.3)
    states = [t.state for t in stored(folder, "orphans").trials]
    assert "running" not in states
    assert len(states) < 500


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_the_study_requeues_running_trials(
    folder: Path, group: list[subprocess.Popen[str]], number: signal.Signals
) -> None:
    """Ctrl-C, or a scheduler's notice: exit 130, nothing running, what was cut off is queued."""
    name = f"interrupted-{number.name}"
    # Long trials, so that some are on their way whenever the signal comes.
    job = start(folder, "--study", name, "--trials", 500, "--epochs", 31, "--confirm", 0)
    group.append(job)
    wait_for_trials(job, folder, name, 2)
    os.kill(job.pid, number)
    _, errors = job.communicate(timeout=60)
    assert job.returncode == 130, errors
    assert "Traceback" not in errors
    trials = stored(folder, name).trials
    states = [t.state for t in trials]
    assert "running" not in states
    failed = [t for t in trials if t.state == "failed"]
    assert states.count("waiting") == len(failed) > 0
    assert all(t.reason == "interrupted: requeued" for t in failed)

    if number == signal.SIGINT:
        return  # once is enough for what follows
    # Fewer trials than it has: it is over, and has not come to the manual's configuration.
    over = search(folder, "--study", name, "--trials", 1, "--epochs", 31, "--confirm", 0)
    assert over.returncode == 0, over.stderr
    assert "the manual's configuration was not trained" in over.stderr
    total = int(over.stderr.split(" trains it")[0].rsplit(" ", 1)[1])
    mended = search(folder, "--study", name, "--trials", total, "--epochs", 31, "--confirm", 0)
    assert mended.returncode == 0, mended.stderr
    assert "was not trained" not in mended.stderr
    assert [t.state for t in stored(folder, name).trials if t.baseline] == ["complete"]


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_the_study_ends_whole(
    folder: Path, group: list[subprocess.Popen[str]]
) -> None:
    """The kernel takes one worker for its memory; its trial comes back and the total is exact."""
    # Trials of some length, so that the study is not over before a worker is killed.
    job = start(folder, "--study", "maimed", "--trials", 24, "--epochs", 15, "--confirm", 0)
    group.append(job)
    wait_for_trials(job, folder, "maimed", 2)
    # The last one: the first, which goes on, must not hide it.
    deadline = time.monotonic() + 60
    own: list[str] = []
    while not own and time.monotonic() < deadline:
        trials = open_study(folder / "runs", "maimed", None).trials
        found = [t.user_attrs.get(attributes.WORKER, "") for t in trials]
        own = [worker for worker in found if worker.startswith("worker-1 ")]
        time.sleep(0.1)
    last = own[-1]
    pid = int(last.rsplit(":", 1)[1])
    os.kill(pid, signal.SIGKILL)
    _, errors = job.communicate(timeout=200)
    assert job.returncode == 0, errors
    states = [t.state for t in stored(folder, "maimed").trials]
    assert states.count("complete") + states.count("pruned") == 24
    assert not {"running", "waiting"} & set(states)


def test_a_study_without_a_complete_trial_is_told(folder: Path) -> None:
    """Out of time before the first trial: one line, and nothing confirmed."""
    done = search(folder, "--study", "hasty", "--trials", 4, "--timeout", 0)
    assert_one_line(done, "no complete trial yet")


@pytest.mark.slow
def test_two_objectives_go_the_whole_road(folder: Path) -> None:
    """Searched, pruned, confirmed by front, shown and exported."""
    options = ("--study", "two", "--objective", "pareto", "--trials", 8, "--confirm", 1)
    done = search(folder, *options, "--baseline-epochs", 1)
    assert done.returncode == 0, done.stderr
    study = stored(folder, "two")
    assert study.is_pareto
    assert "Pareto front: trials that no other trial beats in both R²" in done.stdout
    shown = run("studies.show", "two", "--runs", folder / "runs", "--json")
    front = json.loads(shown.stdout)["front"]
    assert front == [trial.number for trial in study_front(study)]
    assert (folder / "runs" / "two" / "best.yaml").is_file()
    other = search(folder, "--study", "two", "--trials", 8, "--confirm", 1, "--baseline-epochs", 1)
    assert_one_line(other, "2 objectives (--objective pareto), asked 1 (--objective score)")


def study_front(study: StudyRecord) -> list[TrialRecord]:
    return list(study.pareto_front)


@pytest.mark.slow
def test_all_stopped_at_the_first_rung_and_the_best_finished(folder: Path) -> None:
    """As many trials as asked for, of which the last two are the best of the others once more."""
    options = ("--study", "iepoch", "--pruner", "iepoch", "--trials", 8, "--confirm", 0)
    done = search(folder, *options, "--baseline-epochs", 1)
    assert done.returncode == 0, done.stderr
    trials = [trial for trial in stored(folder, "iepoch").trials if not trial.baseline]
    assert [trial.state for trial in trials] == ["pruned"] * 5 + ["complete"] * 2
    assert {trial.epochs for trial in trials[:5]} == {1}
