"""Samples per second of `fit`, beside a plain PyTorch loop of the same network, in one run.

    python benchmarks/throughput.py [--clips N] [--frames T] [--device cpu]

The plain loop is the manual's way: a DataLoader over the list of samples, fp32, batches of 8 with
the gradients of 4 accumulated, `nn.TransformerEncoder`, `nn.Dropout`. Also printed is the share of
this machine's measured matrix-product peak that `fit` reaches.
"""

import argparse
import time
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from avq_core.config.training import MANUAL_TASK_WEIGHTS, TrainConfig, manual
from avq_core.config.values import with_values
from avq_core.data.preprocessing.splits import PreparedSplit, SearchSplits
from avq_core.data.schema import DEFAULT_STREAM_SHAPES, Schema, Stream
from avq_core.model.embedders import inner_width
from avq_core.training.device import parse_device, resolve_precision
from avq_core.training.loop import fit
from avq_core.training.resident import splits_to_device

TASKS = tuple(MANUAL_TASK_WEIGHTS)
SMALL: Mapping[str, object] = {
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
        """Clip-level streams are repeated over time first, as the manual would have to."""
        frames = max(x.shape[1] for x in streams.values() if x.dim() == 3)
        embedded = [
            embedder(x if x.dim() == 3 else x[:, None].expand(-1, frames, -1))
            for name, embedder in self.embedders.items()
            for x in (streams[name],)
        ]
        pooled = self.encoder(torch.stack(embedded).mean(dim=0)).mean(dim=1)
        return torch.cat([head(pooled) for head in self.heads], dim=1)


def make_split(schema: Schema, num: int, seed: int) -> PreparedSplit:
    """Noise in the shape of data: speed does not depend on what is learned."""
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
    loader: DataLoader[object] = DataLoader(samples, batch_size=8, shuffle=True)  # type: ignore[arg-type]
    weights = [config.training.task_weights[task] for task in schema.tasks]
    start = time.perf_counter()
    for step, (streams, targets) in enumerate(loader, start=1):  # type: ignore[misc]
        scores = network({n: x.to(device) for n, x in streams.items()})  # type: ignore[has-type]
        truth = targets.to(device)  # type: ignore[has-type]
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


def main() -> None:
    """Prints a row a configuration: the two loops in turn, and their ratio pair by pair."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clips", type=int, default=96)
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    device = parse_device(options.device)
    streams = tuple(
        Stream(name=n, dim=s[-1], temporal=len(s) == 2) for n, s in DEFAULT_STREAM_SHAPES.items()
    )
    schema = Schema(streams=streams, num_frames=options.frames, tasks=TASKS)
    split = make_split(schema, options.clips, seed=0)
    precision = resolve_precision("auto", device)
    peak = peak_flops(device, precision)
    print(
        f"{device}, {torch.get_num_threads()} thread(s), {options.clips} clips of "
        f"{options.frames} frames; peak {peak / 1e9:.0f} GFLOP/s in {precision}"
    )
    print(f"{'network':<10}{'fit':>12}{'plain':>12}{'ratio':>24}{'of peak':>10}   (clips/s)")
    for name, values in (("manual", {}), ("small", SMALL)):
        config = with_values(manual(), {**values, "training.epochs": 1})
        rates = []
        for _ in range(options.rounds + 1):  # the first warms up and is not counted
            ours = options.clips / time_fit(config, schema, split, device)
            plain = options.clips / time_plain(config, schema, split, device)
            rates.append((ours, plain, ours / plain))
        ours, plain, ratio = np.median(rates[1:], axis=0)
        ratios = [r for _, _, r in rates[1:]]
        share = ours * flops_per_clip(config, schema) / peak
        spread = f"{ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:<10}{ours:>12.1f}{plain:>12.1f}{spread:>24}{share:>10.0%}")


if __name__ == "__main__":
    main()
