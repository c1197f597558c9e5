"""What holds for every family of networks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from quakesite.models.adapt import adapt_channels
from quakesite.models.families import FAMILIES
from quakesite.models.network import Input, Network

MINUTE, QUARTER = 6000, 1500
RAW = ("cnn_lstm", "cnn_lstm_linear")

Windows = Callable[..., Tensor]


def inputs(channels: int = 4, samples: int = QUARTER, segment_samples: int = 100) -> Input:
    return Input(channels, samples, 100.0, segment_samples)


def made(name: str, windows: Input, outputs: int = 1, seed: int = 0, **options: bool | float) -> Network:
    torch.manual_seed(seed)
    return FAMILIES[name].network(windows, outputs, **options)


@pytest.mark.parametrize("samples", [MINUTE, QUARTER], ids=["60 s", "15 s"])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("name", FAMILIES)
def test_a_step_reaches_every_parameter(name: str, channels: int, samples: int, windows: Windows) -> None:
    for segment_samples in (100, 500) if name in RAW else (100,):
        network = made(name, inputs(channels, samples, segment_samples))
        before = {key: value.clone() for key, value in network.named_parameters()}
        optimiser = torch.optim.Adam(network.parameters(), 1e-3)
        out = network(windows(2, channels, samples))
        assert out.shape == (2,)
        (out - torch.tensor([1.0, 2.0])).square().mean().backward()
        optimiser.step()
        for key, value in network.named_parameters():
            assert value.isfinite().all(), key
            assert not torch.equal(value, before[key]), key


@pytest.mark.parametrize("name", FAMILIES)
def test_segments_of_five_seconds_and_several_outputs(name: str, windows: Windows) -> None:
    network = made(name, inputs(3, QUARTER, 500), outputs=3).eval()
    with torch.no_grad():
        assert network(windows(2, 3)).shape == (2, 3)


@pytest.mark.parametrize("name", FAMILIES)
def test_one_batch_is_learned_by_heart(name: str, windows: Windows) -> None:
    batch = windows(4, 4, 1000)
    labels = torch.tensor([0.5, 2.0, 1.0, 3.0])
    network = made(name, inputs(samples=1000), dropout=0.0, normalise=True)
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(150):
        loss = (network(batch) - labels).square().mean()
        losses.append(loss.item())
        if loss < 0.01 * labels.var():
            break
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses[-1] < 0.01 * labels.var()


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_seed_gives_the_same_network(name: str, windows: Windows) -> None:
    batch = windows(2)
    one, again, other = (made(name, inputs(), seed=seed) for seed in (3, 3, 4))
    outputs = []
    for network in (one, again, other):
        torch.manual_seed(0)  # of dropout
        outputs.append(network(batch))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


@pytest.mark.parametrize("name", FAMILIES)
def test_a_state_dict_carries_all_there_is(name: str, windows: Windows) -> None:
    batch = windows(2)
    network = made(name, inputs())
    network(10.0 * batch)  # moves the running means of batch normalisation
    twin = made(name, inputs(), seed=1)
    twin.load_state_dict(network.state_dict())
    with torch.no_grad():
        assert torch.equal(twin.eval()(batch), network.eval()(batch))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_normalised_network_does_not_see_the_size_of_a_record(name: str, windows: Windows) -> None:
    quiet = windows(2)
    loud = quiet.clone()
    loud[:, :3] *= 2500.0
    with torch.no_grad():
        normalised = made(name, inputs(), normalise=True).eval()
        torch.testing.assert_close(normalised(loud), normalised(quiet), rtol=1e-3, atol=1e-4)
        raw = made(name, inputs(), normalise=False).eval()
        assert (raw(loud) - raw(quiet)).abs().max() > 1e-3


def test_the_published_network_reads_cm_s2_and_the_others_normalise() -> None:
    assert {name for name, family in FAMILIES.items() if not family.normalised} == set(RAW)


@pytest.mark.parametrize("samples", [MINUTE, QUARTER], ids=["60 s", "15 s"])
@pytest.mark.parametrize("name", FAMILIES)
def test_marks_of_p_and_s_change_the_prediction(name: str, samples: int, windows: Windows) -> None:
    batch = windows(1, 4, samples)
    moved = batch.clone()
    moved[:, 3] = moved[:, 3].roll(samples * 3 // 8, dims=1)
    network = made(name, inputs(4, samples), normalise=True).eval()
    with torch.no_grad():
        assert abs(network(moved) - network(batch)).item() > 1e-6


@pytest.mark.parametrize("name", FAMILIES)
def test_silence_and_marks_without_motion_give_numbers(name: str) -> None:
    network = made(name, inputs()).eval()
    windows = torch.zeros(2, 4, QUARTER)
    windows[1, 3, 700:] = 1.0
    with torch.no_grad():
        assert network(windows).isfinite().all()


@pytest.mark.parametrize("name", FAMILIES)
def test_an_encoder_alone_fits_its_network(name: str, windows: Windows) -> None:
    torch.manual_seed(1)
    encoder, features = FAMILIES[name].encoder(inputs())
    network = made(name, inputs())
    network.encoder.load_state_dict(encoder.state_dict())
    with torch.no_grad():
        batch = windows(2)
        out = encoder.eval()(batch)
        assert out.flatten(1).shape == (2, features)
        assert torch.equal(network.eval().encoder(batch), out)


@pytest.mark.parametrize("name", FAMILIES)
def test_an_encoder_of_three_channels_says_the_same_as_one_of_four(name: str, windows: Windows) -> None:
    batch = windows(2)
    three, _ = FAMILIES[name].encoder(inputs(3))
    four, _ = FAMILIES[name].encoder(inputs(4))
    four.load_state_dict(adapt_channels(three.state_dict(), four.state_dict()))
    back = adapt_channels(four.state_dict(), three.state_dict())
    assert all(torch.equal(back[key], value) for key, value in three.state_dict().items())
    expected = three.eval()(batch[:, :3])
    found = four.eval()(batch)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
    found.square().sum().backward()
    wider = [key for key, value in four.named_parameters() if value.shape != three.state_dict()[key].shape]
    assert wider
    for key in wider:
        new = four.get_parameter(key).grad.narrow(1, three.state_dict()[key].shape[1], 1)
        assert new.abs().max() > 0, key


def test_the_non_sequential_cnn_has_the_encoder_of_the_published_network() -> None:
    one, other = (FAMILIES[name].encoder(inputs())[0].state_dict() for name in ("cnn", "cnn_lstm"))
    assert {key: value.shape for key, value in one.items()} == {k: v.shape for k, v in other.items()}


def test_weights_of_another_network_are_not_adapted() -> None:
    tcn, resnet = (FAMILIES[name].encoder(inputs())[0].state_dict() for name in ("tcn", "resnet"))
    with pytest.raises(ValueError, match="another network"):
        adapt_channels(tcn, resnet)
    narrow = {"weight": torch.zeros(4, 3, 5)}
    for other in (torch.zeros(8, 4, 5), torch.zeros(4, 3), torch.zeros(4, 3, 7)):
        with pytest.raises(ValueError, match=r"weight is \(4, 3, 5\)"):
            adapt_channels(narrow, {"weight": other})


@pytest.mark.parametrize(
    ("name", "least"), [("resnet", 256), ("tcn", 36), ("resnet_stft", 600), ("tcn_stft", 250)]
)
def test_a_window_too_short_for_the_layers_is_refused(name: str, least: int) -> None:
    network = made(name, inputs(samples=least)).eval()
    with torch.no_grad():
        assert network(torch.zeros(1, 4, least)).isfinite().all()
        with pytest.raises(ValueError, match=f"window of {least - 1} samples is too short"):
            network(torch.zeros(1, 4, least - 1))
