"""Which trials count: named sets of Optuna's trial states."""

from typing import Final

from optuna.trial import TrialState

FINISHED: Final = (TrialState.COMPLETE, TrialState.PRUNED)
"""Count towards the study's total: trained to the end or stopped by the pruner."""
BUDGETED: Final = (*FINISHED, TrialState.RUNNING)
"""Take a place in the study's total; a running trial that fails frees its place again."""
PENDING: Final = (TrialState.RUNNING, TrialState.WAITING)
"""Have not ended yet."""
NOT_FAILED: Final = (*BUDGETED, TrialState.WAITING)
"""All but failed trials: those count for nothing, and a retry is another trial."""
