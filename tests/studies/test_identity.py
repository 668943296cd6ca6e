"""Identities: what may go on with a study, and what is said of what may not."""

import json

from studies.identity import Identity, differences

STORED = Identity(
    data="a" * 32,
    space="b" * 64,
    settings={"epochs": 14, "watch": {"overall": "overall", "share": 0.5}, "seed": 0},
)


def test_survives_a_storage() -> None:
    """JSON turns tuples into lists; an identity that was stored equals one that was not."""
    identity = Identity(data="a", space="b", settings={"devices": ("x", "y"), "epochs": 3})
    again = Identity.from_dict(json.loads(json.dumps(identity.to_dict())))
    assert again == identity
    assert differences(again, identity) == []


def test_each_difference_is_a_line_for_a_person() -> None:
    """Data, space and settings are named; nested settings by dotted path."""
    asked = Identity(
        data="c" * 32,
        space="b" * 64,
        settings={"epochs": 30, "watch": {"overall": "mos", "share": 0.5}, "pruner": "none"},
    )
    assert differences(STORED, asked) == [
        "data set: the study is of another data set (fingerprint aaaaaaaaaaaa, asked cccccccccccc)",
        "epochs: the study has 14, asked 30",
        "watch.overall: the study has overall, asked mos",
        "seed: the study has 0, asked nothing",
        "pruner: the study has nothing, asked none",
    ]
