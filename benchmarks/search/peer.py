"""One peer's search as a process of its own: `python -m benchmarks.search.peer METHOD OUT ...`.

`benchmarks.search` starts it. After OUT come the arguments of `python -m search.run`, so that both search
the same.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from avq_core.run_command import run_command
from benchmarks.search.results import write_trials
from search.cli import read_settings


def main(argv: Sequence[str]) -> int:
    """Searches and writes the trials to OUT."""
    method, out, *arguments = argv
    from avq_core.training.device import parse_device
    from search.main_job.plan import make_plan
    from search.quiet import quiet_libraries

    quiet_libraries()
    plan = make_plan(read_settings(arguments), say=print)
    if method == "ray-asha":
        from benchmarks.search import ray_peer

        trials = ray_peer.search(plan.job)
    else:
        from benchmarks.search import optuna_peers

        trials = optuna_peers.search(method, plan.job, parse_device(plan.slots[0].device))
    write_trials(Path(out), trials)
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
