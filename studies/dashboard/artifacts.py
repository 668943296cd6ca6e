"""The pictures' files, and whatever else belongs to trials: optuna-dashboard's artifact store."""

import io
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from optuna.artifacts import FileSystemArtifactStore
from optuna.artifacts.exceptions import ArtifactNotFound

from avq_core.errors import ConfigError
from studies.dashboard.board import ARTIFACTS, Board
from studies.dashboard.databases import Databases


class Artifacts:
    """Files in the `artifacts` folders of all studies. A picture that is not there yet is drawn."""

    def __init__(
        self, databases: Databases, boards: Callable[[], Iterable[Board]], own: Path
    ) -> None:
        """Takes the places to look in.

        Args:
            databases: Of the page.
            boards: Gives the studies that were looked at.
            own: Where what a user uploads is kept.
        """
        self._databases = databases
        self._boards = boards
        self._own = own

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """Opens an artifact.

        Raises:
            ArtifactNotFound: There is none of this id.
        """
        for folder in self._folders():
            with suppress(ArtifactNotFound):
                return FileSystemArtifactStore(folder).open_reader(artifact_id)
        for board in self._boards():
            if (drawn := board.draw(artifact_id)) is not None:
                # In a folder that cannot be written it is drawn each time.
                with suppress(ConfigError):
                    board.keep(artifact_id, drawn)
                return io.BytesIO(drawn)
        raise ArtifactNotFound(artifact_id)

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Keeps what a user uploads."""
        self._own.mkdir(parents=True, exist_ok=True)
        FileSystemArtifactStore(self._own).write(artifact_id, content_body)

    def remove(self, artifact_id: str) -> None:
        """Removes an artifact; there may be no file, of a picture that nobody has looked at."""
        for folder in self._folders():
            with suppress(ArtifactNotFound):
                FileSystemArtifactStore(folder).remove(artifact_id)

    def _folders(self) -> list[Path]:
        found = [self._own, *(board.folder for board in self._boards())]
        found += [d.folder / ARTIFACTS for d in self._databases.all() if d.folder is not None]
        return list(dict.fromkeys(found))
