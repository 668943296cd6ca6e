"""Typed records of a study, and the codec that turns them into JSON and back."""
