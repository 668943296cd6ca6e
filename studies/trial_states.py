"""Which trials count: named sets of Optuna's trial states."""

from typing import Final

from optuna.trial import TrialState

FINISHED: Final = (TrialState.COMPLETE, TrialState.PRUNED)
"""Came to an end of their own, and count towards the study's total."""
BUDGETED: Final = (*FINISHED, TrialState.RUNNING)
"""Hold a place in the study's total; one that is running may still fail and give its place back."""
PENDING: Final = (TrialState.RUNNING, TrialState.WAITING)
"""Have yet to end."""
NOT_FAILED: Final = (*BUDGETED, TrialState.WAITING)
"""Have run, run, or will run; a failed trial counts for nothing, and its retry is another trial."""
