"""What the page tells of a trial that has ended: why, each rung's decision, figures, configuration."""

from typing import Any, Final

from avq_core.display.numbers import metric_text
from studies.records import StudyRecord, TrialRecord, score, task_names
from studies.summary.markdown import plain, table, wrapped

VERSION: Final = 1
"""Of the note's form: a higher one is written over ours of a lower one."""


def has_ended(trial: TrialRecord) -> bool:
    """Whether nothing about a trial changes any more."""
    return trial.state not in {"running", "waiting"}


def trial_note(study: StudyRecord, trial: TrialRecord, picture: str | None) -> str:
    """The note of a trial, in Markdown.

    Args:
        study: The study.
        trial: A trial of it that has ended.
        picture: Path of its learning curves on the page; `None` where it has none.
    """
    parts = [_ending(trial), _audit(trial)]
    parts.append(f"![learning curves of trial {trial.number}]({picture})" if picture else "")
    parts += [_figures(study, trial), _rungs(study, trial), _configuration(trial)]
    return "\n\n".join(part for part in parts if part)


def _ending(trial: TrialRecord) -> str:
    name = f"**Trial {trial.number}{', the baseline' if trial.baseline else ''}: {trial.state}**"
    spent = (
        f" after {trial.epochs} of {trial.planned_epochs} epochs" if trial.planned_epochs else ""
    )
    seconds = f", {trial.seconds:.0f} s" if trial.seconds is not None else ""
    why = plain(trial.reason or "it left no reason")
    return f"{name}{spent}{seconds}.\\\n{wrapped(f'{why[:1].upper()}{why[1:]}.')}"


def _audit(trial: TrialRecord) -> str:
    if not trial.audited:
        return ""
    return wrapped(
        f"The pruner would have stopped it at epoch {trial.audited['epoch']} "
        f"({plain(trial.audited['reason'])}); it went on all the same, to see whether that is right."
    )


def _figures(study: StudyRecord, trial: TrialRecord) -> str:
    if trial.best_epoch is None:
        return ""
    rows = [["score", metric_text(trial.score), ""]]
    for task in task_names(study):
        marked = f"{task} (watched)" if task in study.watch else task
        rows.append([marked, metric_text(trial.r2.get(task)), str(trial.num_labels.get(task, ""))])
    return table([f"validation R² at epoch {trial.best_epoch}", "", "labels"], rows)


def _rungs(study: StudyRecord, trial: TrialRecord) -> str:
    """An entry for each epoch at which the trial was judged, and what came of it."""
    judged = [entry for entry in trial.history if entry["judged"]]
    if not judged:
        return ""
    lines = []
    for entry in judged:
        figures = [f"score {metric_text(score(study, entry['r2']))}"]
        figures += [
            f"{plain(t)} {metric_text(entry['r2'].get(t))}" for t in dict.fromkeys(study.watch)
        ]
        decision = wrapped(plain(_decision(trial, entry)), "  ")
        lines.append(f"- **epoch {entry['epoch']}**: {', '.join(figures)}\\\n  {decision}")
    return "**Where it was judged**\n\n" + "\n".join(lines)


def _decision(trial: TrialRecord, entry: dict[str, Any]) -> str:
    if trial.audited and trial.audited["epoch"] == entry["epoch"]:
        return f"to be stopped, but audited: {trial.audited['reason']}"
    if entry is trial.history[-1]:
        return "stopped here" if trial.state == "pruned" else "the last"
    if "decision" in entry:
        return f"went on: {entry['decision']}"
    return "went on; the pruner was not asked"


def _configuration(trial: TrialRecord) -> str:
    if trial.config is None:
        return ""
    import yaml

    # The C dumper takes a tenth of the time, where it is there.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(trial.config, Dumper=dumper, sort_keys=False, allow_unicode=True)
    return f"**Effective configuration**\n\n```yaml\n{text}```"
