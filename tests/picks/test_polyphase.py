"""EQTransformer's folded decoders give what SeisBench's own do."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from quakesite.picks.polyphase import (  # noqa: E402
    DoublingConvolution,
    PolyphaseDecoder,
    can_be_folded,
    folded,
)


def assert_same(one: Any, other: Any, *, windows: int = 2) -> None:
    generator = torch.Generator().manual_seed(0)
    batch = torch.randn(windows, one.in_channels, one.in_samples, generator=generator)
    with torch.inference_mode():
        for ours, theirs in zip(one(batch), other(batch), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)
        for ours, theirs in zip(one(batch, logits=True), other(batch, logits=True), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_real_weights_give_the_same_probabilities(model: Any, plain_model: Any) -> None:
    assert all(isinstance(one, PolyphaseDecoder) for one in (model.decoder_d, *model.pick_decoders))
    assert not isinstance(plain_model.decoder_d, PolyphaseDecoder)
    assert_same(model, plain_model)


# SeisBench's original EQTransformer takes 6000 samples only
@pytest.mark.parametrize(
    ("original_compatible", "in_samples"),
    [(False, 6000), (False, 3001), ("conservative", 6000), ("non-conservative", 6000)],
)
def test_random_weights_of_any_make_give_the_same_probabilities(
    original_compatible: Any, in_samples: int
) -> None:
    from seisbench.models import EQTransformer

    torch.manual_seed(3)
    arguments = {"in_samples": in_samples, "original_compatible": original_compatible}
    plain = EQTransformer(**arguments).eval()
    changed = EQTransformer(**arguments)
    changed.load_state_dict(plain.state_dict())
    assert_same(folded(changed), plain)


@pytest.mark.parametrize("taps", [1, 3, 5, 7, 9, 11])
def test_folded_convolution_is_the_one_of_doubled_samples(taps: int) -> None:
    torch.manual_seed(taps)
    conv = torch.nn.Conv1d(3, 5, taps, padding=taps // 2).double()
    x = torch.randn(2, 3, 17, dtype=torch.float64)
    doubled = torch.nn.functional.interpolate(x, scale_factor=2, mode="nearest")
    torch.testing.assert_close(DoublingConvolution(conv)(x), conv(doubled), rtol=0, atol=1e-12)


def test_convolution_that_changes_the_length_is_not_folded() -> None:
    even, strided = torch.nn.Conv1d(3, 5, 4, padding=2), torch.nn.Conv1d(3, 5, 5, padding=2, stride=2)
    for conv in (even, strided):
        assert not can_be_folded(conv)
        with pytest.raises(ValueError, match="keep the length"):
            DoublingConvolution(conv)


def test_other_networks_stay_as_they_are() -> None:
    from seisbench.models import PhaseNet

    network = PhaseNet()
    before = [type(one) for one in network.modules()]
    assert folded(network) is network
    assert [type(one) for one in network.modules()] == before
