"""How many clips a second does `fit` train, beside a plain PyTorch loop of the same network?

    python -m benchmarks.throughput --clips 96 --frames 150 --device cpu

The plain loop is the manual's way: a DataLoader over the list of samples, fp32, batches of 8 with the
gradients of 4 accumulated, `nn.TransformerEncoder`, `nn.Dropout`. The two take turns; `speed-up` is the
median of their ratios turn by turn. `of peak` is the share of this machine's measured matrix-product peak
that `fit` reaches.

Shapes: B batch, T time, D width, K tasks.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from avq_core.cli import CommandParser
from avq_core.config.presets import manual
from avq_core.config.training import MANUAL_TASK_WEIGHTS, TrainConfig
from avq_core.config.values import with_values
from avq_core.data.preprocessing.splits import PreparedSplit, SearchSplits
from avq_core.data.schema import DEFAULT_STREAM_SHAPES, Schema, Stream
from avq_core.display.tables import text_table
from avq_core.errors import ConfigError
from avq_core.model.embedders import inner_width
from avq_core.run_command import run_command
from avq_core.training.device import parse_device
from avq_core.training.loop import fit
from avq_core.training.precision import dtype_of, settled
from avq_core.training.resident import splits_to_device

_TASKS: Final = tuple(MANUAL_TASK_WEIGHTS)
_SMALL: Final = {
    "model.hidden_dim": 64,
    "model.num_layers": 2,
    "model.num_heads": 4,
    "model.embedder_scale": 0.125,
}


class PlainNetwork(nn.Module):
    """The same network from PyTorch's own parts."""

    def __init__(self, config: TrainConfig, schema: Schema) -> None:
        super().__init__()
        model = config.model
        width = model.hidden_dim
        self.embedders = nn.ModuleDict()
        for stream in schema.streams:
            inner = inner_width(stream.dim, model.embedder_scale)
            self.embedders[stream.name] = nn.Sequential(
                nn.Linear(stream.dim, inner),
                nn.ReLU(),
                nn.Dropout(model.dropout),
                nn.Linear(inner, width),
            )
        layer = nn.TransformerEncoderLayer(
            width, model.num_heads, 4 * width, model.dropout, batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, model.num_layers, enable_nested_tensor=False)
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.Linear(width, 256),
                nn.ReLU(),
                nn.Dropout(model.dropout),
                nn.Linear(256, 128),
                nn.ReLU(),
                nn.Linear(128, 1),
                nn.Sigmoid(),
            )
            for _ in schema.tasks
        )

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """Streams (B, T, dim) or (B, dim) to (B, K); clip-level ones are repeated over time first."""
        frames = max(x.shape[1] for x in streams.values() if x.dim() == 3)
        embedded = [
            embedder(x if x.dim() == 3 else x[:, None].expand(-1, frames, -1))
            for name, embedder in self.embedders.items()
            for x in (streams[name],)
        ]
        pooled = self.encoder(torch.stack(embedded).mean(dim=0)).mean(dim=1)
        return torch.cat([head(pooled) for head in self.heads], dim=1)


def default_schema(frames: int) -> Schema:
    """The default schema, with so many frames."""
    streams = tuple(
        Stream(name=n, dim=s[-1], temporal=len(s) == 2) for n, s in DEFAULT_STREAM_SHAPES.items()
    )
    return Schema(streams=streams, num_frames=frames, tasks=_TASKS)


def make_split(schema: Schema, num: int, seed: int) -> PreparedSplit:
    """Noise in the shape of data, since speed does not depend on what is learned."""
    rng = np.random.default_rng(seed)
    streams = {
        s.name: rng.standard_normal(
            (num, schema.num_frames, s.dim) if s.temporal else (num, s.dim), dtype=np.float32
        )
        for s in schema.streams
    }
    targets = rng.random((num, len(schema.tasks)), dtype=np.float32)
    targets[rng.random(targets.shape) < 0.28] = np.nan
    return PreparedSplit(streams=streams, targets=targets, groups=tuple(map(str, range(num))))


def time_plain(
    config: TrainConfig, schema: Schema, split: PreparedSplit, device: torch.device
) -> float:
    """Seconds of one epoch of the plain loop."""
    network = PlainNetwork(config, schema).to(device).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.optim.lr)
    samples = [
        ({n: torch.from_numpy(x[i]) for n, x in split.streams.items()}, torch.from_numpy(y))
        for i, y in enumerate(split.targets)
    ]
    loader: DataLoader[Any] = DataLoader(samples, batch_size=8, shuffle=True)  # type: ignore[arg-type]
    weights = [config.training.task_weights[task] for task in schema.tasks]
    start = time.perf_counter()
    for step, (streams, targets) in enumerate(loader, start=1):
        scores = network({n: x.to(device) for n, x in streams.items()})
        truth = targets.to(device)
        loss = scores.new_zeros(())
        for k, weight in enumerate(weights):
            seen = torch.isfinite(truth[:, k])
            if seen.any():
                loss = loss + weight * nn.functional.mse_loss(scores[seen, k], truth[seen, k])
        (loss / 4).backward()
        if step % 4 == 0:
            optimiser.step()
            optimiser.zero_grad()
    _wait(device)
    return time.perf_counter() - start


def time_fit(
    config: TrainConfig, schema: Schema, split: PreparedSplit, device: torch.device
) -> float:
    """Seconds of `fit`'s epoch, its validation on 8 clips included."""
    val = PreparedSplit(
        streams={n: x[:8] for n, x in split.streams.items()},
        targets=split.targets[:8],
        groups=split.groups[:8],
    )
    resident = splits_to_device(SearchSplits(schema=schema, train=split, val=val), device)
    return fit(config, resident).history[-1].seconds


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_flops(device: torch.device, dtype: torch.dtype) -> float:
    """Floating-point operations per second of a large matrix product."""
    size = 8192 if device.type == "cuda" else 2048
    a = torch.randn(size, size, device=device, dtype=dtype)
    best = 0.0
    for _ in range(4):
        _wait(device)
        start = time.perf_counter()
        a @ a
        _wait(device)
        best = max(best, 2 * size**3 / (time.perf_counter() - start))
    return best


def flops_per_clip(config: TrainConfig, schema: Schema) -> float:
    """Of matrix products, forward and backward; embedders' first layers need no input gradient."""
    model, frames = config.model, schema.num_frames
    width = model.hidden_dim
    layer = 4 * width**2 + 2 * model.feedforward_factor * width**2 + 2 * frames * width
    total = 6.0 * frames * model.num_layers * layer
    for stream in schema.streams:
        inner = inner_width(stream.dim, model.embedder_scale)
        tokens = frames if stream.temporal else 1
        total += tokens * (4 * stream.dim * inner + 6 * inner * width)
    return total


def measure(
    config: TrainConfig, schema: Schema, split: PreparedSplit, device: torch.device, rounds: int
) -> list[tuple[float, float]]:
    """Clips a second of `fit` and of the plain loop, round by round."""
    clips = len(split.groups)
    rates = [
        (
            clips / time_fit(config, schema, split, device),
            clips / time_plain(config, schema, split, device),
        )
        for _ in range(rounds + 1)
    ]
    return rates[1:]  # the first one warms up


def row(name: str, rates: Sequence[tuple[float, float]], *, clip_share: float) -> list[str]:
    """A network's cells.

    Args:
        name: Of the network.
        rates: As `measure` gives them.
        clip_share: Share of the machine's peak that one clip a second takes.
    """
    ratios = [ours / plain for ours, plain in rates]
    ours, plain = np.median(rates, axis=0)
    spread = f"{np.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    return [name, f"{ours:.1f}", f"{plain:.1f}", spread, f"{ours * clip_share:.0%}"]


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m benchmarks.throughput",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--clips", type=int, default=96, help="of an epoch (default %(default)s)")
    add("--frames", type=int, default=150, help="of a clip (default %(default)s)")
    add("--rounds", type=int, default=3, help="turns of each loop (default %(default)s)")
    add("--device", default="auto", help="cpu or cuda:N (default: auto)")
    return parser


def main(argv: Sequence[str]) -> int:
    """Prints a row for each network."""
    options = build_parser().parse_args(argv)
    for name, minimum in (("clips", 8), ("frames", 1), ("rounds", 1)):
        if getattr(options, name) < minimum:
            value = getattr(options, name)
            raise ConfigError(f"--{name} is {value}, expected a number >= {minimum}")
    device = parse_device(options.device)
    schema = default_schema(options.frames)
    split = make_split(schema, options.clips, seed=0)
    precision = dtype_of(settled(manual(), schema, device))
    peak = peak_flops(device, precision)
    print(
        f"{device}, {torch.get_num_threads()} thread(s), {options.clips} clips of "
        f"{options.frames} frames; peak {peak / 1e9:.0f} GFLOP/s in {precision}"
    )
    rows = [["network (clips/s)", "fit", "plain", "speed-up", "of peak"]]
    for name, values in (("manual", {}), ("small", _SMALL)):
        config = with_values(manual(), {**values, "training.epochs": 1})
        rates = measure(config, schema, split, device, options.rounds)
        rows.append(row(name, rates, clip_share=flops_per_clip(config, schema) / peak))
    print(text_table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
