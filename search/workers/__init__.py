"""Worker processes: slots on devices, the worker itself, a pool for the confirmation."""
