"""The published network, layer by layer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from quakesite.models.cnn_lstm import CnnLstm, SegmentEncoder, SequenceEncoder, steps_of
from quakesite.models.published import KEYS


def test_it_has_as_many_parameters_as_the_published_one() -> None:
    assert sum(p.numel() for p in CnnLstm(channels=4).parameters()) == 805_317


@pytest.mark.parametrize(
    ("channels", "samples", "segment_samples"),
    [(4, 1500, 100), (3, 1500, 500), (4, 1700, 500), (3, 1000, 300), (4, 400, 500)],
)
def test_outputs_and_gradients_equal_those_of_the_loop(
    channels: int, samples: int, segment_samples: int, loop_network: Callable[..., nn.Module]
) -> None:
    torch.manual_seed(1)
    loop = loop_network(channels, segment_samples)
    ours = CnnLstm(channels, segment_samples)
    ours.load_state_dict({KEYS[name]: value for name, value in loop.state_dict().items()})
    windows = torch.randn(3, channels, samples) * torch.tensor([0.1, 10.0, 300.0])[:, None, None]
    expected, found = loop(windows), ours(windows)
    assert len(set(expected.tolist())) == 3
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)
    expected.square().sum().backward()
    found.square().sum().backward()
    gradients = {name: p.grad for name, p in ours.named_parameters()}
    for name, parameter in loop.named_parameters():
        torch.testing.assert_close(gradients[KEYS[name]], parameter.grad, rtol=1e-4, atol=1e-5)


def test_a_minute_gives_120_steps_at_one_and_at_five_seconds() -> None:
    for segment_samples, in_segment in ((100, 2), (500, 10)):
        assert steps_of(segment_samples) == in_segment
        encoder = SequenceEncoder(4, segment_samples)
        assert encoder.steps(6000) == 120
        assert encoder(torch.zeros(2, 4, 6000)).shape == (2, 120, 4)


@pytest.mark.parametrize("samples", [46, 47, 61, 99, 100, 137, 250, 400])
def test_the_number_of_steps_is_that_of_the_layers(samples: int) -> None:
    features = SegmentEncoder()(torch.zeros(1, 4, samples, 1))
    assert features.shape == (1, 1, steps_of(samples), 4)


def test_a_segment_too_short_for_the_layers_is_refused() -> None:
    assert steps_of(30) == 0
    with pytest.raises(ValueError, match="segment of 30 samples is too short"):
        SequenceEncoder(4, 30)
    with pytest.raises(ValueError, match="leaves a segment too short"):
        SequenceEncoder(4, 100)(torch.zeros(1, 4, 610))


def test_an_untrained_network_starts_where_it_is_told_to() -> None:
    network = CnnLstm(channels=3)
    network.start_at(430.0)
    with torch.no_grad():
        assert network(torch.randn(2, 3, 1000)).tolist() == pytest.approx([430.0] * 2, abs=2.0)


@pytest.mark.parametrize("samples", [500, 6000])
def test_one_long_segment_alone_is_read_as_among_others(samples: int) -> None:
    torch.manual_seed(0)
    encoder = SegmentEncoder()
    segments = torch.randn(2, 4, samples, 3)
    with torch.no_grad():
        for index in range(3):
            alone = encoder(segments[..., index : index + 1])
            torch.testing.assert_close(alone, encoder(segments)[:, index : index + 1], rtol=1e-4, atol=1e-5)


def test_more_outputs_are_not_rectified_and_neither_is_a_linear_end() -> None:
    windows = torch.randn(2, 3, 1000)
    for network, shape in (
        (CnnLstm(3, outputs=2, rectified=False), (2, 2)),
        (CnnLstm(3, rectified=False), (2,)),
    ):
        network.start_at(-3.0)
        with torch.no_grad():
            assert network(windows).shape == shape
            assert network(windows).reshape(2, -1)[:, 0].tolist() == pytest.approx([-3.0] * 2, abs=0.5)
