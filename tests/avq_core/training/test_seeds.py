"""The random streams of a run share no seed."""

import torch

from avq_core.training.seeds import RunStream, stream_seed


def test_no_two_streams_of_runs_share_a_seed() -> None:
    """Of any two runs either."""
    seeds = [stream_seed(seed, stream) for seed in range(100) for stream in RunStream]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**64 for seed in seeds)


def test_the_order_of_the_samples_is_not_drawn_as_the_initial_weights_are() -> None:
    """Equal generators would make one follow from the other."""
    drawn = [
        torch.rand(8, generator=torch.Generator().manual_seed(stream_seed(0, stream)))
        for stream in RunStream
    ]
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[1], drawn[2])


def test_numbers_of_streams_stay_away_from_those_of_a_study() -> None:
    """`search.seeds` derives seeds in the same way, with numbers below 100."""
    from search.seeds import Stream

    assert max(Stream) < 100 <= min(RunStream)
