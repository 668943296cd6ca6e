"""Progress in one line on stderr."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from avq_core.outputs import in_encoding

if TYPE_CHECKING:
    from rich.console import OverflowMethod
    from rich.live import Live

_LINE_SECONDS: Final = 15.0


class StatusLine:
    """The newest state of a long piece of work, and lines that stay.

    On a terminal the newest state is one live line, cut to the terminal's width. Elsewhere, such as in
    a log file, it is printed every 15 seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shown: str | None = None
        self._last_print = -_LINE_SECONDS
        # Without stderr (closed by whoever started the command) nobody reads.
        self._console = _terminal() if sys.stderr is not None and sys.stderr.isatty() else None
        self._live: Live | None = None

    def show(self, text: str) -> None:
        """Shows the newest state, which replaces the one before."""
        if self._console is not None:
            self._draw(text)
        elif text == self._shown or self._clock() - self._last_print < _LINE_SECONDS:
            return
        else:
            _print(text)
            self._last_print = self._clock()
        self._shown = text

    def say(self, text: str) -> None:
        """Prints a line that stays, once where it is also the newest state."""
        was_live = self._live is not None
        self.close()
        if was_live or text != self._shown:
            _print(text)
        self._shown = None
        self._last_print = -_LINE_SECONDS

    def close(self) -> None:
        """Takes the live line away, so that whatever is printed next starts a line."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _draw(self, text: str) -> None:
        from rich.live import Live
        from rich.spinner import Spinner
        from rich.text import Text

        if self._live is None:
            # Drawn when there is something new, not by a thread: workers are started and signals
            # are handled meanwhile.
            self._live = Live(
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
            # Whoever is killed outright does not leave the terminal without its cursor.
            self._live.console.show_cursor(True)
            self._unicode = self._live.console.encoding == "utf-8"
            self._spinner = Spinner("dots" if self._unicode else "line")
        frame = self._spinner.render(self._live.console.get_time())
        assert isinstance(frame, Text)
        # Plain characters in place of others may be longer, and a line that wraps cannot be rewritten.
        text = in_encoding(text, self._live.console.encoding)
        overflow: OverflowMethod = "ellipsis" if self._unicode else "crop"
        line = Text.assemble(frame, " ", text, no_wrap=True, overflow=overflow)
        self._live.update(line, refresh=True)


def _terminal() -> Any:
    """Rich's console on stderr; `None` where the terminal cannot rewrite a line."""
    from rich.console import Console

    console = Console(stderr=True)
    return console if console.is_terminal and not console.is_dumb_terminal else None


def _print(text: str) -> None:
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)
