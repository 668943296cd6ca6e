"""The pages that a user reads, their fenced blocks, and the commands in them."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One line of a `sh` block."""

    page: str
    words: tuple[str, ...]

    @property
    def module(self) -> str | None:
        """What `python -m` runs, where it is one of ours."""
        if self.words[:2] == ("python", "-m"):
            return self.words[2]
        return None

    @property
    def arguments(self) -> list[str]:
        """What follows the module."""
        return list(self.words[3:])

    def __str__(self) -> str:
        """As a test's name."""
        return f"{self.page}: {shlex.join(self.words)}"


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language, in their order."""
    return [
        text for name, text in _BLOCK.findall(page.read_text(encoding="utf-8")) if name == language
    ]


def commands(page: Path) -> list[Command]:
    """All commands of a page's `sh` blocks; a comment after a command is left out."""
    lines = [line for text in blocks(page, "sh") for line in text.splitlines()]
    split = [shlex.split(line, comments=True) for line in lines]
    return [Command(page=page.name, words=tuple(words)) for words in split if words]
