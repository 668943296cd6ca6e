"""Errors for mistakes of the user: one line with what was got, what was expected, how to correct it."""


class AvqError(Exception):
    """A user's mistake. Commands print it as one line on stderr and exit with 2."""


class DataError(AvqError):
    """The data file cannot be read, is unsafe, or breaks the data contract."""


class ConfigError(AvqError, ValueError):
    """A setting or option has a value that cannot be used."""


class SettingError(ConfigError):
    """A setting that does not exist, or a value that it cannot have."""

    def __init__(self, message: str, *, steps: tuple[str, ...] = (), unknown: bool = False) -> None:
        super().__init__(message)
        self.steps = steps
        """From the top of the values that were read to what is wrong; empty for the whole."""
        self.unknown = unknown
        """Whether there is no setting of that name."""


class NoRoomError(AvqError):
    """The data does not fit in the free memory of a device."""


class NonFiniteLossError(RuntimeError):
    """The training loss became NaN or infinite; raised before the optimiser steps on it."""

    def __init__(self, *, epoch: int, step: int) -> None:
        super().__init__(f"non-finite loss in epoch {epoch}, optimiser step {step}")
        self.epoch = epoch
        self.step = step


class OutOfDeviceMemoryError(RuntimeError):
    """Not even a micro-batch of one sample fits on the device."""
