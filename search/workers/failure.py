"""The error of a worker that failed."""


class WorkerFailedError(RuntimeError):
    """A worker ended with a bug or was killed repeatedly; its log says more."""
