"""How every command runs and ends: one line for a user's mistake, status 130 for Ctrl-C, no traceback."""

import atexit
import contextlib
import errno
import signal
import sys
import threading
from collections.abc import Callable, Collection, Sequence
from typing import Final, NoReturn

from avq_core.cli import with_flags
from avq_core.errors import AvqError
from avq_core.faults import full_disk
from avq_core.interrupts import end_process, interruptible
from avq_core.invocation import as_typed
from avq_core.memory import is_out_of_memory
from avq_core.outputs import lasting_outputs, undelivered
from avq_search.start import INTERRUPTED, end_at_once_when_interrupted

OUTPUT_ERROR = 1
"""What was to be printed did not arrive; results in files and studies are whole."""
USER_ERROR = 2
READER_GONE = 128 + signal.SIGPIPE
"""As other programs end that print to `head`."""
_EXIT_SECONDS: Final = 2.0
"""How long libraries may take to clean up when the process ends."""
COMMON_SETTINGS: Final = frozenset({"layout", "runs", "storage", "store_limit", "study"})
"""Settings that are options of several commands, under the same names."""


def run_command(
    main: Callable[[Sequence[str]], int],
    argv: Sequence[str] | None = None,
    *,
    settings: Collection[str] = COMMON_SETTINGS,
) -> int:
    """Runs `main` on the command line and turns its end into an exit status.

    An `AvqError` is a mistake of the user; running out of memory or disk is told in a line as well;
    anything else is a bug and propagates. The outputs may be closed, broken or full: the work goes on,
    and the status tells of it.

    Args:
        main: The command; takes the arguments after the program's name, returns its exit status.
        argv: The arguments; `None` reads `sys.argv`.
        settings: Names that errors give in backticks and that are options of this command.

    Returns:
        The exit status: `main`'s own, 1 where its output could not be written, 2 for a user's mistake,
        130 after Ctrl-C or SIGTERM, 141 where the reader of its output has gone.
    """
    arguments = sys.argv[1:] if argv is None else argv
    with lasting_outputs():
        try:
            with interruptible() as interrupts:
                try:
                    status = _status(main, arguments, settings)
                except Exception:
                    if not interrupts.came:
                        raise
                    status = INTERRUPTED
                # Any error then is what an interrupt has become on its way through a library.
                if interrupts.came and status:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            return INTERRUPTED
        return status or _output_status()


def _status(
    main: Callable[[Sequence[str]], int], argv: Sequence[str], settings: Collection[str]
) -> int:
    try:
        return main(argv)
    except SystemExit as end:  # as argparse ends after --help
        return exit_status(end)
    except AvqError as error:
        message = with_flags(" ".join(str(error).split()), settings)
        print(f"error: {as_typed(message)}", file=sys.stderr)
        return USER_ERROR
    except Exception as error:
        reason = _out_of_room(error)
        if reason is None:
            raise
        print(f"error: {reason}", file=sys.stderr)
        return USER_ERROR


def exit_status(end: SystemExit) -> int:
    """The status that Python would end with; what is no number is printed on standard error, as Python does."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


def _out_of_room(error: Exception) -> str | None:
    """What to say of an error that a machine without free memory or disk space raises; else `None`."""
    if is_out_of_memory(error):
        words = " ".join(str(error).split()) or "a Python object did not fit"
        return f"out of memory: {words}; free some, or use a machine or device with more"
    cause = full_disk(error)
    return cause and f"{cause}; free some space and give the same command again"


def _output_status() -> int:
    """The status of a command that has done its work: 0 if all that it printed has arrived."""
    failure = undelivered()
    if failure is None:
        return 0
    if failure.errno == errno.EPIPE:
        return READER_GONE
    print(f"error: cannot write to standard output: {failure.strerror}", file=sys.stderr)
    return OUTPUT_ERROR


def leave(status: int) -> NoReturn:
    """Ends the process with this status: exit functions run and the outputs are flushed, nothing more.

    The interpreter is not shut down. Python takes its signal handlers away before it clears its modules,
    which takes half a second with PyTorch: Ctrl-C would then end the process by a signal, with all results
    written. And before Python 3.14, a daemon thread that returns from C++ (such as PyTorch) meanwhile
    crashes the process with `terminate called` (CPython's gh-87135).

    Args:
        status: The exit status. After Ctrl-C, neither threads nor slow exit functions are waited for.
    """
    if threading.current_thread() is threading.main_thread():
        end_at_once_when_interrupted()
    if status == INTERRUPTED:
        late = threading.Timer(_EXIT_SECONDS, end_process, [status])
        late.daemon = True
        late.start()
    else:
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
    # As the interpreter calls both: idle threads of executors are told to end, then waited for.
    atexit._run_exitfuncs()  # noqa: SLF001
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, AttributeError):  # its reader has ended, or it was closed
            stream.flush()
    end_process(status)
