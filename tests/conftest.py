"""What tests share: tiny schemas, splits and data sets."""

import gc
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy
import torch
from examples import load_profile
from limits import Limits, limit_from_environment
from postgresql import find_programs, running_server

from avq_core.config.training import TrainConfig
from avq_core.config.values import from_dict
from avq_core.data.preprocessing.splits import PreparedSplit, SearchSplits
from avq_core.data.schema import Schema, Stream
from avq_core.training.resident import ResidentSplits, splits_to_device
from studies.storage.open import make_schema

# Tests run side by side, one a core; threads of one's own would only be in each other's way.
torch.set_num_threads(1)
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A search fits its simple models at this niceness: tests of a higher priority beside it would starve it.
os.nice(max(0, 10 - os.nice(0)))
# A shell has what it starts in the background ignore Ctrl-C, and so would the commands under test.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
load_profile()


def pytest_configure(config: pytest.Config) -> None:
    """Marks by folder, and in CI a limit to the seconds of a test."""
    config.pluginmanager.register(Limits(limit_from_environment()))


TASKS = ("lip_sync", "cross_modal", "overall")
SCHEMA = Schema(
    streams=(
        Stream(name="audio", dim=5, temporal=True),
        Stream(name="visual", dim=5, temporal=True),
        Stream(name="sync", dim=2, temporal=False),
    ),
    num_frames=6,
    tasks=TASKS,
)


@pytest.fixture
def schema() -> Schema:
    """Two temporal streams of one width, one clip-level stream, three tasks."""
    return SCHEMA


def make_split(num: int, seed: int = 0, missing: float = 0.2) -> PreparedSplit:
    """Clips whose targets are a squashed mean of the first columns, some of them missing."""
    rng = np.random.default_rng(seed)
    streams = {
        s.name: rng.standard_normal(
            (num, SCHEMA.num_frames, s.dim) if s.temporal else (num, s.dim), dtype=np.float32
        )
        for s in SCHEMA.streams
    }
    drive = streams["audio"][:, :, 0].mean(axis=1) + streams["visual"][:, :, 1].mean(axis=1)
    signal = np.stack([drive, streams["sync"][:, 0], drive + streams["sync"][:, 1]], axis=1)
    targets = (1 / (1 + np.exp(-signal))).astype(np.float32)
    targets[rng.random(targets.shape) < missing] = np.nan
    groups = tuple(f"g{i // 2}" for i in range(num))
    return PreparedSplit(streams=streams, targets=targets, groups=groups)


@pytest.fixture
def splits() -> ResidentSplits:
    """48 train and 24 val clips on the CPU."""
    prepared = SearchSplits(schema=SCHEMA, train=make_split(48, 0), val=make_split(24, 1))
    return splits_to_device(prepared, torch.device("cpu"))


@pytest.fixture
def make_config() -> Callable[..., TrainConfig]:
    """A tiny configuration for the tiny schema; settings by section."""

    def make(**sections: dict[str, object]) -> TrainConfig:
        base: dict[str, dict[str, object]] = {
            "model": {"hidden_dim": 16, "num_layers": 1, "num_heads": 2, "dropout": 0.0},
            "optim": {"lr": 3e-3, "cycle_epochs": 2},
            "training": {
                "epochs": 2,
                "batch_size": 16,
                "precision": "fp32",
                "task_weights": dict.fromkeys(TASKS, 1.0),
            },
            "data": {},
        }
        return from_dict({name: base[name] | sections.get(name, {}) for name in base})

    return make


@pytest.fixture
def read_only_folder(tmp_path: Path) -> Path:
    """A folder in which nobody can make a file: root may in any, but for the kernel's own."""
    if os.geteuid() == 0:
        return Path("/sys/kernel")
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o555)
    return folder


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A server for this test process; its URL without a database."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here")
    with running_server(programs) as server:
        yield server.url


@pytest.fixture
def postgresql(postgresql_server: str, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    yield _new_database(postgresql_server, f"test_{abs(hash(tmp_path))}")
    _close_forgotten_connections()


@pytest.fixture
def postgresql_storage(
    postgresql_template: str, postgresql_server: str, tmp_path: Path
) -> Iterator[str]:
    """The URL of a database with Optuna's tables, as `make_schema` leaves it."""
    name = f"test_{abs(hash(tmp_path))}"
    yield _new_database(postgresql_server, name, template=postgresql_template)
    _close_forgotten_connections()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """The name of a database with Optuna's tables, to be copied."""
    make_schema(_new_database(postgresql_server, "template"))
    return "template"


def _close_forgotten_connections() -> None:
    """Collects those of commands and of threads that ended: psycopg complains of each, whenever it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def _new_database(server: str, name: str, *, template: str = "template1") -> str:
    engine = sqlalchemy.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()
    return f"{server}/{name}"
