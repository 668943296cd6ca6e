"""What every command shares: one line for a user's mistake, 130 for Ctrl-C, no traceback for either."""

import argparse
import atexit
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from avq_core.errors import AvqError

USER_ERROR = 2
INTERRUPTED = 128 + signal.SIGINT


class CommandParser(argparse.ArgumentParser):
    """A parser that tells a slip in one line, as every other mistake is told.

    Options are written out: of an abbreviated one nobody knows what a later version makes of it.
    """

    def __init__(self, **settings: Any) -> None:
        """As argparse's own, which may be told otherwise."""
        super().__init__(**{"allow_abbrev": False, **settings})

    def error(self, message: str) -> NoReturn:
        """Prints one line and exits with 2."""
        self.exit(USER_ERROR, f"error: {message}; {self.prog} --help lists the options\n")


def run_command(
    main: Callable[[Sequence[str]], int],
    argv: Sequence[str] | None = None,
    *,
    user_errors: tuple[type[Exception], ...] = (AvqError,),
) -> int:
    """Runs `main` on the command line and turns its end into an exit status.

    Args:
        main: The command; takes the arguments after the program's name, returns its exit status.
        argv: The arguments; `None` reads `sys.argv`.
        user_errors: Exceptions that are the user's to mend. Anything else is a bug and propagates.

    Returns:
        The exit status: `main`'s own, 2 for a user's mistake, 130 after Ctrl-C.
    """
    try:
        status = main(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
        return status
    except user_errors as error:
        message = " ".join(str(error).split())
        print(f"error: {message}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has gone; nothing is left to say, and the interpreter must not
        # try to flush the dead pipe again on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def leave(status: int) -> NoReturn:
    """Ends the process with this status, also while a daemon thread is at work.

    Before Python 3.14, a daemon thread that comes back from C++ (PyTorch's, say) while the interpreter is
    torn down brings the process down, `terminate called` (CPython's gh-87135). Where there is one, what is
    registered to be done at exit is done, what was printed is flushed, and nothing is torn down.

    Args:
        status: The exit status.
    """
    if any(thread.daemon for thread in threading.enumerate()):
        atexit._run_exitfuncs()  # noqa: SLF001 - what the interpreter calls itself
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):  # its reader has gone
                stream.flush()
        os._exit(status)
    sys.exit(status)
