"""How a worker's end is told."""


class WorkerFailedError(RuntimeError):
    """A worker ended with a bug, or again and again by force; its log says more."""
