"""Artifact store for optuna-dashboard: pictures of trials and uploads of users."""

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
    """Files in the `artifacts` folders of all studies. A missing picture is drawn on request."""

    def __init__(
        self, databases: Databases, boards: Callable[[], Iterable[Board]], uploads: Path
    ) -> None:
        """Sets the folders to search.

        Args:
            databases: Databases of the page.
            boards: Returns the boards of the studies that were opened.
            uploads: Folder for the uploads of users.
        """
        self._databases = databases
        self._boards = boards
        self._uploads = uploads

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """Opens an artifact.

        Raises:
            ArtifactNotFound: There is no artifact of this id.
        """
        for folder in self._folders():
            with suppress(ArtifactNotFound):
                return FileSystemArtifactStore(folder).open_reader(artifact_id)
        for board in self._boards():
            if (drawn := board.draw(artifact_id)) is not None:
                # In a read-only folder it is drawn at each request.
                with suppress(ConfigError):
                    board.keep(artifact_id, drawn)
                return io.BytesIO(drawn)
        raise ArtifactNotFound(artifact_id)

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Stores an upload of a user."""
        self._uploads.mkdir(parents=True, exist_ok=True)
        FileSystemArtifactStore(self._uploads).write(artifact_id, content_body)

    def remove(self, artifact_id: str) -> None:
        """Removes an artifact; a picture may not have a file yet."""
        for folder in self._folders():
            with suppress(ArtifactNotFound):
                FileSystemArtifactStore(folder).remove(artifact_id)

    def _folders(self) -> list[Path]:
        folders = [self._uploads, *(board.folder for board in self._boards())]
        folders += [d.folder / ARTIFACTS for d in self._databases.all() if d.folder is not None]
        return list(dict.fromkeys(folders))
