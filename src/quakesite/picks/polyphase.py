"""EQTransformer's decoders at half their length: the same numbers in less than half the time.

A decoder doubles its samples (each one twice) and convolves them. Of two equal neighbours the kernel sees
only the sum of its weights, so even and odd outputs are two short convolutions of what was there before the
doubling: the polyphase form of an interpolator (Crochiere and Rabiner 1983, Multirate Digital Signal
Processing, chapter 3). The decoders take nearly half of a forward pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from seisbench.models import WaveformModel
    from seisbench.models.eqtransformer import Decoder


class DoublingConvolution(nn.Module):
    """What `conv(upsample(x))` gives, from x of shape (batch, channels, n): (batch, out channels, 2 n).

    Args:
        conv: a convolution with an odd kernel that keeps the length of what it is given.

    Raises:
        ValueError: it is another kind of convolution.
    """

    def __init__(self, conv: nn.Conv1d) -> None:
        super().__init__()
        if not can_be_folded(conv):
            raise ValueError(f"{conv} does not keep the length of what it is given")
        taps = conv.kernel_size[0]
        half = taps // 2
        self.reach = (half + 1) // 2
        weight = conv.weight.detach()
        folded = weight.new_zeros(2, *weight.shape[:2], 2 * self.reach + 1)
        for parity in (0, 1):
            for tap in range(taps):
                folded[parity, :, :, (parity + tap - half) // 2 + self.reach] += weight[:, :, tap]
        self.weight = nn.Parameter(folded.flatten(0, 1), requires_grad=False)
        bias = weight.new_zeros(conv.out_channels) if conv.bias is None else conv.bias.detach()
        self.bias = nn.Parameter(bias.repeat(2), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """Returns the convolution of `x` with every sample doubled."""
        both: Tensor = functional.conv1d(x, self.weight, self.bias, padding=self.reach)
        n_windows, channels, samples = both.shape
        by_parity = both.view(n_windows, 2, channels // 2, samples).permute(0, 2, 3, 1)
        return by_parity.reshape(n_windows, channels // 2, 2 * samples)


class PolyphaseDecoder(nn.Module):
    """SeisBench's decoder of EQTransformer, its layers folded where that is exact.

    A layer that crops between doubling and convolving stays as it is.
    """

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        crops = {3} if decoder.original_compatible else set(decoder.crops)
        self.plain = decoder
        self.layers = nn.ModuleList(
            DoublingConvolution(conv) if place not in crops and can_be_folded(conv) else conv
            for place, conv in enumerate(decoder.convs)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Returns what the decoder it was made of returns."""
        for layer, (place, conv) in zip(self.layers, enumerate(self.plain.convs), strict=True):
            x = layer(x) if isinstance(layer, DoublingConvolution) else conv(self._doubled(x, place))
            x = functional.relu(x)
        return x

    def _doubled(self, x: Tensor, place: int) -> Tensor:
        x = self.plain.upsample(x)
        if self.plain.original_compatible:
            return x[:, :, 1:-1] if place == 3 else x
        return x[:, :, :-1] if place in self.plain.crops else x


def can_be_folded(conv: nn.Conv1d) -> bool:
    """Returns whether a convolution has the form that `DoublingConvolution` takes."""
    (taps,) = conv.kernel_size
    usual = (conv.stride, conv.dilation, conv.groups, conv.padding_mode) == ((1,), (1,), 1, "zeros")
    return usual and taps % 2 == 1 and conv.padding == (taps // 2,)


def folded(model: WaveformModel) -> WaveformModel:
    """Returns the network ready to predict; the decoders of an EQTransformer are folded.

    The network is changed in place, and is not meant to be trained afterwards.
    """
    from seisbench.models import EQTransformer
    from seisbench.models.eqtransformer import Decoder

    if isinstance(model, EQTransformer) and all(
        type(decoder) is Decoder for decoder in (model.decoder_d, *model.pick_decoders)
    ):
        model.decoder_d = PolyphaseDecoder(model.decoder_d)
        model.pick_decoders = nn.ModuleList(PolyphaseDecoder(decoder) for decoder in model.pick_decoders)
    return model.eval()
