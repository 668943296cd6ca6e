"""What a user can get wrong, told in one line: what was got, what was expected, how to mend it."""


class AvqError(Exception):
    """A user's mistake. Commands print it as one line on stderr and exit with 2."""


class DataError(AvqError):
    """The data file cannot be read, is unsafe, or breaks the data contract."""


class ConfigError(AvqError, ValueError):
    """A setting lies outside what the model or the trainer can be."""


class NoRoomError(AvqError):
    """The data does not fit in what is left of a device's memory."""


class NonFiniteLossError(RuntimeError):
    """The training loss became NaN or infinite; raised before the optimiser steps on it."""

    def __init__(self, *, epoch: int, step: int) -> None:
        super().__init__(f"non-finite loss in epoch {epoch}, optimiser step {step}")
        self.epoch = epoch
        self.step = step


class OutOfDeviceMemoryError(RuntimeError):
    """Not even a micro-batch of one sample fits on the device."""
