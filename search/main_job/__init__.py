"""The main job, step by step: plan it, open its study, run its stages, tell how far it is."""
