"""Commands as processes, and a tiny file to run them on."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np

TASKS = ("lip_sync", "cross_modal", "overall")
SMALL_SPACE = """\
epochs: 3
fixed: {model.num_layers: 1, model.embedder_scale: 0.125, optim.cycle_epochs: 1}
parameters:
  model.hidden_dim: {type: int, low: 8, high: 16, step: 8, reason: tiny}
  model.num_heads: {type: categorical, choices: [1, 2], reason: divides both}
  optim.lr: {type: float, low: 1e-3, high: 3e-2, log: true, reason: tiny networks}
"""


def run(module: str, *arguments: object, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Runs `python -m module` as a user would, and gives what it printed and its exit status."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def assert_one_line(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """A user's mistake: exit 2, one line of error that holds the parts, no traceback."""
    assert done.returncode == 2, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.rstrip().endswith(errors[0])
    for part in parts:
        assert part in errors[0]


def make_samples(num: int, seed: int) -> list[dict[str, object]]:
    """Samples of two temporal streams and a clip-level one, whose labels follow the features."""
    rng = np.random.default_rng(seed)
    samples: list[dict[str, object]] = []
    for i in range(num):
        audio = rng.standard_normal((5, 4)).astype(np.float32) + rng.standard_normal()
        visual = rng.standard_normal((5, 3)).astype(np.float32)
        sync = rng.standard_normal(2).astype(np.float32)
        visual[0, 0] = np.nan
        level = float(np.tanh(audio.mean()) * 0.6 + 0.1)
        values = {"lip_sync": float(np.tanh(sync[0])) * 0.5, "cross_modal": level, "overall": level}
        labels = {f"{task}_score": value for task, value in values.items()}
        labels[f"{TASKS[i % 3]}_score"] = -1.0 if i % 4 == 0 else labels[f"{TASKS[i % 3]}_score"]
        features = {"audio": audio, "visual": visual, "sync": sync}
        samples.append({"features": features, "labels": labels, "group": f"s{seed}-{i // 2}"})
    return samples


def write_tiny(folder: Path) -> Path:
    """A file of 40 + 16 + 16 clips."""
    data = {name: make_samples(n, k) for k, (name, n) in enumerate(SIZES.items())}
    path = folder / "tiny.pkl"
    path.write_bytes(pickle.dumps(data))
    return path


def write_space(folder: Path) -> Path:
    """A space of three parameters over tiny networks."""
    path = folder / "tiny_space.yaml"
    path.write_text(SMALL_SPACE)
    return path


SIZES = {"train": 40, "val": 16, "test": 16}
