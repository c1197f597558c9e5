"""What the networks are trained to say."""

from __future__ import annotations

import pytest
import torch

from quakesite.models.families import FAMILIES
from quakesite.models.network import Input
from quakesite.models.target import (
    SMALLEST_SIGMA_LN,
    TARGETS,
    Epicentre,
    GaussianLogVs30,
    LogVs30,
    MetresPerSecond,
    Predictor,
    QuantileLogVs30,
    RelativeVs30,
)

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


def outputs_of(name: str, vs30: torch.Tensor) -> torch.Tensor:
    """Returns the output of a network that says `vs30`, and nothing of their uncertainty."""
    target = TARGETS[name](VS30)
    central = target.encode(vs30)
    more = torch.zeros(len(vs30), target.outputs - 1)
    return central if target.outputs == 1 else torch.cat([central[:, None], more], dim=1)


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_says_what_its_first_output_says(name: str) -> None:
    torch.testing.assert_close(TARGETS[name](VS30).decode(outputs_of(name, VS30)), VS30)


@pytest.mark.parametrize("name", TARGETS)
def test_the_loss_is_the_mean_over_the_batch_and_least_at_the_labels(name: str) -> None:
    target = TARGETS[name](VS30)
    right, wrong = outputs_of(name, VS30), outputs_of(name, 1.3 * VS30)
    assert target.loss(right, VS30) < target.loss(wrong, VS30)
    each = target.each(wrong, VS30)
    assert each.shape == VS30.shape
    torch.testing.assert_close(target.loss(wrong, VS30), each.mean())
    weights = torch.tensor([2.0, 1.0, 0.0])
    torch.testing.assert_close(target.loss(wrong, VS30, weights), (each * weights).mean())


@pytest.mark.parametrize("name", ["m_s", "ln"])
def test_the_plain_losses_are_mean_squares_on_the_networks_scale(name: str) -> None:
    target = TARGETS[name](VS30)
    output = outputs_of(name, 1.3 * VS30)
    torch.testing.assert_close(
        target.loss(output, VS30), torch.nn.functional.mse_loss(output, target.encode(VS30))
    )


def test_the_epicentres_loss_is_the_mean_square_over_both_offsets() -> None:
    offsets = torch.tensor([[3.0, -4.0], [60.0, 80.0]])
    target, output = Epicentre(offsets), torch.zeros(2, 2)
    torch.testing.assert_close(
        target.loss(output, offsets), torch.nn.functional.mse_loss(output, target.encode(offsets))
    )
    assert target.interval(output) is None


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.25, 2.0])
def test_the_percentage_loss_is_the_relative_error(factor: float) -> None:
    loss = RelativeVs30(VS30).loss(outputs_of("percent", factor * VS30), VS30).item()
    assert loss == pytest.approx(abs(factor - 1), abs=0.05)


def test_the_percentage_loss_is_smooth_at_zero_and_straight_far_off() -> None:
    target = RelativeVs30(VS30)
    slopes = []
    for factor in (1.0, 10.0, 1000.0):
        output = outputs_of("percent", factor * VS30).requires_grad_()
        target.loss(output, VS30).backward()
        slopes.append(output.grad)
    assert slopes[0].abs().max() < 1e-4
    torch.testing.assert_close(slopes[1], slopes[2], rtol=1e-3, atol=0)


def test_the_gaussian_loss_is_least_at_mean_and_spread_of_the_labels() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = (6.0 + 0.4 * torch.randn(20000, generator=generator)).exp()
    target = GaussianLogVs30(labels)
    said = torch.zeros(2, requires_grad=True)
    optimiser = torch.optim.LBFGS([said], max_iter=50, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = target.loss(said.expand(len(labels), 2), labels)
        loss.backward()
        return loss

    optimiser.step(closure)
    low, high = target.interval(said.detach()[None])
    inside = ((labels > low) & (labels < high)).float().mean().item()
    assert inside == pytest.approx(0.90, abs=0.01)
    assert (high / low).log().item() == pytest.approx(2 * 1.645 * 0.4, rel=0.03)


def test_no_gaussian_is_narrower_than_its_floor() -> None:
    low, high = GaussianLogVs30(VS30).interval(torch.tensor([[0.0, -60.0]]))
    assert (high / low).log().item() == pytest.approx(2 * 1.645 * SMALLEST_SIGMA_LN, rel=0.01)


def test_the_pinball_loss_is_least_at_the_quantiles() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = (6.0 + 0.4 * torch.randn(20000, generator=generator)).exp()
    target = QuantileLogVs30(labels)
    said = torch.zeros(3, requires_grad=True)
    optimiser = torch.optim.Adam([said], 0.03)
    for _ in range(300):
        optimiser.zero_grad()
        target.loss(said.expand(len(labels), 3), labels).backward()
        optimiser.step()
    said = said.detach()[None]
    low, high = target.interval(said)
    shares = [(labels < point).float().mean().item() for point in (low, target.decode(said), high)]
    assert shares == pytest.approx([0.05, 0.50, 0.95], abs=0.02)


def test_quantiles_never_cross() -> None:
    output = 30.0 * torch.randn(1000, 3, generator=torch.Generator().manual_seed(0))
    target = QuantileLogVs30(VS30)
    median = target._quantiles(output)[:, 0]
    low, high = target._quantiles(output)[:, 1:].unbind(dim=1)
    assert (low <= median).all()
    assert (median <= high).all()


def test_a_predictor_gives_intervals_where_its_target_has_them() -> None:
    windows = torch.randn(2, 3, 1000)
    for name in TARGETS:
        target = TARGETS[name](VS30)
        network = FAMILIES["spectral"].network(Input(3, 1000, 100.0, 100), target.outputs).eval()
        with torch.no_grad():
            predicted, interval = Predictor(network, target).with_interval(windows)
        assert predicted.shape == (2,)
        assert (interval is not None) == (name in ("gaussian", "quantile"))
        if interval is not None:
            assert (interval[0] < predicted).all()
            assert (predicted < interval[1]).all()


def test_the_percentage_targets_zero_is_the_best_constant() -> None:
    labels = (6.0 + 0.5 * torch.randn(201, generator=torch.Generator().manual_seed(0))).exp()
    target = RelativeVs30(labels)
    constants = torch.cat([target.decode(torch.zeros(1)), torch.linspace(150, 900, 500)])
    errors = ((constants[:, None] - labels).abs() / labels).mean(dim=1)
    assert errors[0] <= errors[1:].min() + 1e-6
    assert target.mean < LogVs30(labels).mean
