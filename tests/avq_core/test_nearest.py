"""Tests of the name that somebody probably meant."""

from avq_core.nearest import did_you_mean


def test_a_misspelt_name_is_asked_back() -> None:
    """The nearest of the names, as a question."""
    assert did_you_mean("hiden_dim", ["num_heads", "hidden_dim"]) == "did you mean hidden_dim?"


def test_where_no_name_is_close_nothing_is_asked() -> None:
    """A guess that is not near would mislead."""
    assert did_you_mean("colour", ["num_heads", "hidden_dim"]) == ""
