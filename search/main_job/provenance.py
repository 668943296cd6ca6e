"""Stores a study's provenance (command, versions, machine) and its data audit."""

import importlib.metadata
import os
import platform
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import optuna

from avq_core.config.data import DataConfig
from avq_core.data.files.read import load_dataset
from studies.records import attributes
from studies.records.provenance import DataAudit, Provenance

_PACKAGES: Final = ("avq-search", "optuna", "torch", "numpy", "scikit-learn", "sqlalchemy")


def note_provenance(study: optuna.Study, argv: Sequence[str], devices: Sequence[str]) -> None:
    """Stores how the study was started, unless it is stored already.

    Args:
        study: The study.
        argv: The command's arguments, without secrets.
        devices: Names of the devices that it trains on.
    """
    if attributes.PROVENANCE in study.user_attrs:
        return
    provenance = Provenance(
        command=f"python -m search.run {shlex.join(argv)}".strip(),
        versions={"python": platform.python_version(), **_versions()},
        machine=_machine(devices),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    study.set_user_attr(attributes.PROVENANCE, provenance.encode())


def _versions() -> dict[str, str]:
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # run from a folder, not installed
            continue
    return versions


def _machine(devices: Sequence[str]) -> str:
    from avq_core.training.device import device_name

    names = {device_name(device) for device in devices}
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {', '.join(sorted(names))}"


def note_data_audit(study: optuna.Study, source: str, config: DataConfig) -> None:
    """Audits the data and stores the results that the study's report shows, unless stored already.

    Args:
        study: The study.
        source: The data as the user named it.
        config: The data settings.
    """
    if attributes.DATA_AUDIT in study.user_attrs:
        return
    from avq_core.audit.run import audit

    report = audit(load_dataset(source, config), config).to_dict()
    # Without histograms, spectra and positions: whatever is stored is read with every look at the study.
    study.set_user_attr(attributes.DATA_AUDIT, DataAudit.decode(report).encode())
