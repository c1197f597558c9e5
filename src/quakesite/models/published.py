"""The network with the weights its authors published."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import Tensor

from quakesite.errors import InputError
from quakesite.models.cnn_lstm import CnnLstm

_CONVS = ("cnn.conv", "cnn.conv2", "cnn.conv3", "cnn.conv4")
_LSTM = [
    f"{kind}_{gate}_l{layer}" for layer in (0, 1) for kind in ("weight", "bias") for gate in ("ih", "hh")
]

KEYS: dict[str, str] = {
    **{
        f"{theirs}.{kind}": f"encoder.cnn.convs.{index}.{kind}"
        for index, theirs in enumerate(_CONVS)
        for kind in ("weight", "bias")
    },
    **{f"lstm.lstm.{name}": f"lstm.{name}" for name in _LSTM},
    **{f"lstm.fc.{kind}": f"fc.{kind}" for kind in ("weight", "bias")},
}
"""The authors' keys -> ours; shapes are equal:

| theirs | ours | shape |
|---|---|---|
| `cnn.conv.*` | `encoder.cnn.convs.0.*` | (16, 4, 3, 3), (16,) |
| `cnn.conv2.*` | `encoder.cnn.convs.1.*` | (32, 16, 3, 3), (32,) |
| `cnn.conv3.*` | `encoder.cnn.convs.2.*` | (16, 32, 3, 3), (16,) |
| `cnn.conv4.*` | `encoder.cnn.convs.3.*` | (4, 16, 3, 3), (4,) |
| `lstm.lstm.{weight,bias}_{ih,hh}_l{0,1}` | `lstm.{weight,bias}_{ih,hh}_l{0,1}` | (1024, 4 or 256), (1024,) |
| `lstm.fc.*` | `fc.*` | (1, 256), (1,) |
"""


def load_published(path: str | Path, segment_samples: int = 500) -> CnnLstm:
    """Returns the published network, in evaluation mode, with the authors' state dict.

    It takes (batch, 4, samples) float32, channels E, N, Z in cm/s^2 and P/S, and returns Vs30 in m/s,
    shape (batch,). Source: github.com/brsylmz23/CNNLSTM_DeepEQ, Apache-2.0.

    Args:
        path: the state dict as `torch.save` wrote it; nothing in it but tensors is read.
        segment_samples: length of the segments; the authors evaluate with 500.

    Raises:
        InputError: the file is no state dict of this network.
    """
    try:
        theirs = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise InputError(path, f"cannot be read ({error})", expected="a PyTorch state dict") from error
    if not isinstance(theirs, dict) or set(theirs) != set(KEYS):
        found = ", ".join(sorted(map(str, theirs))[:4]) if isinstance(theirs, dict) else type(theirs).__name__
        raise InputError(path, f"keys {found}, ...", expected=f"the published network's ({', '.join(KEYS)})")
    network = CnnLstm(channels=4, segment_samples=segment_samples)
    ours: dict[str, Tensor] = {KEYS[name]: value for name, value in theirs.items()}
    try:
        network.load_state_dict(ours)
    except RuntimeError as error:
        raise InputError(path, str(error), expected="the published network's shapes") from error
    return network.eval()
