"""Points that are queued: the manual baseline, warm starts, retries."""
