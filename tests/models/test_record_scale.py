"""Records without their size."""

from __future__ import annotations

import pytest
import torch

from quakesite.models.record_scale import RecordScale, scaling


@pytest.mark.parametrize("factor", [1e-4, 1.0, 1e5])
def test_a_record_times_any_factor_is_the_same_record(factor: float) -> None:
    record = torch.randn(2, 4, 500, generator=torch.Generator().manual_seed(0)) + 0.5
    scaled = record.clone()
    scaled[:, :3] *= factor
    torch.testing.assert_close(RecordScale()(scaled), RecordScale()(record), rtol=1e-4, atol=1e-5)


def test_the_ratios_between_components_and_the_marks_stay() -> None:
    record = torch.randn(1, 4, 2000, generator=torch.Generator().manual_seed(0))
    record[:, 0] *= 3.0
    scaled = RecordScale()(record)
    assert torch.equal(scaled[:, 3], record[:, 3])
    assert scaled[:, :3].square().mean().item() == pytest.approx(1.0, rel=1e-4)
    before, after = record[0, :3].std(dim=1), scaled[0, :3].std(dim=1)
    torch.testing.assert_close(after / after[2], before / before[2], rtol=1e-4, atol=0)


def test_silence_stays_silence() -> None:
    assert torch.equal(RecordScale()(torch.full((1, 3, 100), 7.0)), torch.zeros(1, 3, 100))


def test_raw_windows_pass_as_they_are() -> None:
    record = torch.randn(1, 4, 100)
    assert scaling(False)(record) is record
