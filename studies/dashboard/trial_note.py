"""The note of an ended trial: reason, metrics, decision at each rung, configuration."""

from typing import Final

from avq_core.display.numbers import metric_text
from studies.records.study import StudyRecord
from studies.records.trial import Epoch, TrialRecord
from studies.summary.markdown import plain, table, wrapped

VERSION: Final = 1
"""Version of the note's format; notes of lower versions are replaced."""


def trial_note(study: StudyRecord, trial: TrialRecord, picture: str | None) -> str:
    """The note of a trial, in Markdown.

    Args:
        study: The study.
        trial: A trial of it that has ended.
        picture: Path of its learning curves on the page; `None` where it has none.
    """
    parts = [_ending(trial), _spared(trial)]
    parts.append(f"![learning curves of trial {trial.number}]({picture})" if picture else "")
    parts += [_metrics(study, trial), _rungs(study, trial), _configuration(trial)]
    return "\n\n".join(part for part in parts if part)


def _ending(trial: TrialRecord) -> str:
    name = f"**Trial {trial.number}{', the baseline' if trial.baseline else ''}: {trial.state}**"
    spent = (
        f" after {trial.epochs} of {trial.planned_epochs} epochs" if trial.planned_epochs else ""
    )
    seconds = f", {trial.seconds:.0f} s" if trial.seconds is not None else ""
    why = plain(trial.reason or "no reason was recorded")
    return f"{name}{spent}{seconds}.\\\n{wrapped(f'{why[:1].upper()}{why[1:]}.')}"


def _spared(trial: TrialRecord) -> str:
    if trial.spared is None:
        return ""
    return wrapped(
        f"A spared trial: the pruning rule would have stopped it at epoch {trial.spared.epoch} "
        f"({plain(trial.spared.reason)}); it ran on, to check the rule."
    )


def _metrics(study: StudyRecord, trial: TrialRecord) -> str:
    if trial.best_epoch is None:
        return ""
    rows = [["score", metric_text(trial.score), ""]]
    for task in study.tasks:
        marked = f"{task} (watched)" if task in study.watch.tasks else task
        rows.append([marked, metric_text(trial.r2.get(task)), str(trial.num_labels.get(task, ""))])
    return table([f"validation R² at epoch {trial.best_epoch}", "", "labels"], rows)


def _rungs(study: StudyRecord, trial: TrialRecord) -> str:
    """An entry for each judged epoch, with the pruner's decision."""
    if not trial.judged:
        return ""
    lines = []
    for entry in trial.judged:
        metrics = [f"score {metric_text(study.watch.score_of(entry.r2))}"]
        metrics += [f"{plain(t)} {metric_text(entry.r2.get(t))}" for t in study.watch.tasks]
        decision = wrapped(plain(_decision(trial, entry)), "  ")
        lines.append(f"- **epoch {entry.epoch}**: {', '.join(metrics)}\\\n  {decision}")
    return "**Where it was judged**\n\n" + "\n".join(lines)


def _decision(trial: TrialRecord, entry: Epoch) -> str:
    if trial.spared is not None and trial.spared.epoch == entry.epoch:
        return f"to be stopped, but spared: {trial.spared.reason}"
    if entry is trial.history[-1]:
        return "stopped here" if trial.state == "pruned" else "the last"
    if entry.decision is not None:
        return f"went on: {entry.decision}"
    return "went on; the pruner was not asked"


def _configuration(trial: TrialRecord) -> str:
    if trial.config is None:
        return ""
    import yaml

    # The C dumper, where it is installed, takes a tenth of the time.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(trial.config, Dumper=dumper, sort_keys=False, allow_unicode=True)
    return f"**Effective configuration**\n\n```yaml\n{text}```"
