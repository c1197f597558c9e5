"""What the networks are trained to say."""

from __future__ import annotations

import pytest
import torch

from quakesite.models.target import Epicentre, LogVs30, MetresPerSecond

VS30 = torch.tensor([180.0, 360.0, 760.0])


def test_decoding_undoes_encoding() -> None:
    for target in (MetresPerSecond(), LogVs30(VS30)):
        torch.testing.assert_close(target.decode(target.encode(VS30)), VS30)
    offsets = torch.tensor([[3.0, -4.0], [60.0, 80.0]])
    target = Epicentre(offsets)
    torch.testing.assert_close(target.decode(target.encode(offsets)), offsets)


def test_log_target_is_standardised_on_the_training_labels() -> None:
    encoded = LogVs30(VS30).encode(VS30)
    assert encoded.mean().item() == pytest.approx(0.0, abs=1e-6)
    assert encoded.std(correction=0).item() == pytest.approx(1.0, abs=1e-6)


def test_one_label_alone_has_no_spread_to_divide_by() -> None:
    target = LogVs30(torch.tensor([400.0, 400.0]))
    torch.testing.assert_close(target.decode(target.encode(VS30)), VS30)


def test_the_scale_travels_with_the_state_dict() -> None:
    loaded = LogVs30()
    loaded.load_state_dict(LogVs30(VS30).state_dict())
    torch.testing.assert_close(loaded.encode(VS30), LogVs30(VS30).encode(VS30))


def test_errors_are_those_of_the_labels_units() -> None:
    absolute, percent = MetresPerSecond().errors(torch.tensor([200.0]), torch.tensor([400.0]))
    assert (absolute.item(), percent.item()) == (200.0, 50.0)
    away, percent = Epicentre().errors(torch.tensor([[0.0, 0.0]]), torch.tensor([[30.0, 40.0]]))
    assert (away.item(), percent.item()) == (50.0, 100.0)
