"""A network of SeisBench over many records at once: its own preprocessing and stacking, full batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from seisbench.models import WaveformModel

T = TypeVar("T")
Samples = npt.NDArray[np.float32]

Fill = Callable[[npt.NDArray[np.float64], int, int, float], npt.NDArray[np.float64]]
"""Pads samples of shape (components, n) by so many before and behind, at a rate; see `padded`."""

COMPONENT_ROWS = {"E": 0, "N": 1, "Z": 2}

SETTLED_AFTER_S = 13.0
"""From here on in its window EQTransformer times an arrival to a few hundredths of a second. Before, where
its training data had their arrivals, it is most certain that there is one and draws it to whole seconds of
the window, up to half a second off (`benchmarks/picks_accuracy.py` shows it)."""

LARGEST_STRIDE = 0.45
"""Largest step between windows, as a part of their length: every sample then lies in two of them."""

MIRRORED_S = 1.0
"""How much of a record's start and end its padding is made of."""


@dataclass(frozen=True)
class Annotation(Generic[T]):
    """A record's probabilities, at the network's rate; rows are times, columns the network's labels.

    Attributes:
        record: what came with the `Input`.
        stacked: shape (n, labels), the largest over all windows, or the mean, whichever is the network's way;
            NaN where it is blind. It is what SeisBench's `annotate` gives.
        settled: shape (n, labels), the mean over the windows that have the time `SETTLED_AFTER_S` or more
            behind their start; NaN where there is none.
        first_s: time of the first row, from the record's first sample: negative by the padding.
        rate_hz: rows per second.
    """

    record: T
    stacked: Samples
    settled: Samples
    first_s: float
    rate_hz: float


@dataclass(frozen=True)
class Input(Generic[T]):
    """A record to annotate: samples of shape (3, n) in order E, N, Z, and their rate."""

    record: T
    acceleration: npt.NDArray[np.floating]
    rate_hz: float


@dataclass(eq=False)
class _Sum:
    """A mean over windows in the making."""

    total: Samples
    count: npt.NDArray[np.int32]

    def add(self, rows: slice, values: Samples) -> None:
        self.total[rows] += values
        self.count[rows] += 1

    def value(self) -> Samples:
        count = self.count[:, None]
        return np.where(count > 0, self.total / np.maximum(count, 1), np.nan).astype(np.float32)


@dataclass(eq=False)
class _Open(Generic[T]):
    """A record some of whose windows are still to be predicted."""

    record: T
    first_s: float
    highest: Samples
    mean: _Sum
    late: _Sum
    windows_left: int


class Annotator:
    """Runs a network over a stream of records.

    Windows of different records share a batch; apart from that `stacked` is to the last bits of single
    precision what the model's own `annotate` gives, at the same stride, for the record with its padding.

    Args:
        model: the network, ready to predict: a probability per label for every sample of a window.
        stride_s: step between windows, in s; at most `LARGEST_STRIDE` of a window.
        batch_size: windows in one forward pass.
        padding_s: what is put before every record, in s; see `padded`. Behind it comes half a window, and
            more if the record is so short that its first sample would not be seen both early and late in a
            window. 0: no padding, neither before nor behind.
        fill: how it is padded; as `padded` does if none is given.

    Raises:
        ValueError: the network does not take three components, or gives something else.
    """

    def __init__(
        self,
        model: WaveformModel,
        *,
        stride_s: float,
        batch_size: int,
        padding_s: float,
        fill: Fill | None = None,
    ) -> None:
        self.model = model
        self.fill = fill or padded
        self.rate_hz = float(model.sampling_rate)
        self.length = int(model.in_samples)
        components = "".join(model.component_order)
        if (model.output_type, sorted(components)) != ("array", sorted(COMPONENT_ROWS)):
            raise ValueError(f"a network that takes {components} and gives a {model.output_type}")
        self.labels = list(model.labels)
        self.stride = max(1, min(round(stride_s * self.rate_hz), int(LARGEST_STRIDE * self.length)))
        self.batch_size = batch_size
        self.padding_s = padding_s
        self.rows = [COMPONENT_ROWS[component] for component in components]
        self.blind = _margins(self._argument("blinding", 0))
        self.takes_mean = self._argument("stacking", "avg") == "avg"
        self.settled_after = min(round(SETTLED_AFTER_S * self.rate_hz), self.length - self.blind[1])

    def _argument(self, name: str, usual: Any) -> Any:
        """Returns an argument of the network's own `annotate`: its weights', its class's, or `usual`."""
        of_class = self.model._annotate_args.get(name, ("", usual))[1]
        return self.model.default_args.get(name, of_class)

    def annotate(self, inputs: Iterable[Input[T]]) -> Iterator[Annotation[T]]:
        """Yields the annotation of every record, in the order given; holds a batch or a record at a time.

        A record shorter than a window is annotated as long as it is padded; without padding it is all NaN.
        """
        waiting: list[tuple[_Open[Any], int, Samples]] = []
        opened: list[_Open[T]] = []
        for one in inputs:
            samples, first_s = self.preprocessed(one.acceleration, one.rate_hz)
            offsets = self.offsets(samples.shape[1])
            record = self._open(one.record, first_s, samples.shape[1], len(offsets))
            opened.append(record)
            for start in offsets:
                waiting.append((record, start, samples[:, start : start + self.length]))
                if len(waiting) >= self.batch_size:
                    self._predict(waiting)
                    waiting.clear()
            yield from self._finished(opened)
        if waiting:
            self._predict(waiting)
        yield from self._finished(opened)

    def preprocessed(self, acceleration: npt.NDArray[np.floating], rate_hz: float) -> tuple[Samples, float]:
        """Returns the record as windows are cut from it, and the time of its first sample.

        Padding first; all that follows (filter, resampling) is the model's own `annotate_stream_pre`.
        """
        import obspy

        samples = acceleration[self.rows].astype(np.float64)
        before, behind = self.padding(samples.shape[1], rate_hz)
        if before or behind:
            samples = self.fill(samples, before, behind, rate_hz)
        traces = [
            obspy.Trace(row, {"sampling_rate": rate_hz, "channel": f"HN{component}"})
            for row, component in zip(samples, self.model.component_order, strict=True)
        ]
        self.model.annotate_stream_pre(obspy.Stream(traces), dict(self.model.default_args))
        return np.stack([trace.data for trace in traces]).astype(np.float32), -before / rate_hz

    def padding(self, n_samples: int, rate_hz: float) -> tuple[int, int]:
        """Returns how many samples are put before and behind a record of `n_samples`."""
        if not self.padding_s:
            return 0, 0
        length_s = self.length / self.rate_hz
        blind_s = self.blind[0] / self.rate_hz
        before_s = max(self.padding_s, blind_s)
        # The last window starts no earlier than its blind margin before the record, and its record's last
        # sample is not past its middle: what comes later EQTransformer hardly notices.
        behind_s = max(length_s / 2, length_s - blind_s - n_samples / rate_hz)
        return math.ceil(before_s * rate_hz), math.ceil(behind_s * rate_hz) + 1

    def offsets(self, n_samples: int) -> list[int]:
        """Returns the first samples of the windows: every stride, and one flush with the end."""
        if n_samples < self.length:
            return []
        offsets = list(range(0, n_samples - self.length + 1, self.stride))
        if offsets[-1] + self.length < n_samples:
            offsets.append(n_samples - self.length)
        return offsets

    def _open(self, record: T, first_s: float, n_samples: int, n_windows: int) -> _Open[T]:
        shape = (n_samples, len(self.labels))
        mean, late = (_Sum(np.zeros(shape, np.float32), np.zeros(n_samples, np.int32)) for _ in range(2))
        return _Open(record, first_s, np.full(shape, np.nan, np.float32), mean, late, n_windows)

    def _predict(self, windows: list[tuple[_Open[Any], int, Samples]]) -> None:
        """Runs one batch through the network and stacks it onto its records."""
        probability = self.probabilities(np.stack([samples for _, _, samples in windows]))
        end = self.length - self.blind[1]
        for (record, start, _), one in zip(windows, probability, strict=True):
            seen = slice(start + self.blind[0], start + end)
            if self.takes_mean:
                record.mean.add(seen, one[self.blind[0] : end])
            else:
                np.fmax(record.highest[seen], one[self.blind[0] : end], out=record.highest[seen])
            late = slice(start + self.settled_after, start + end)
            record.late.add(late, one[self.settled_after : end])
            record.windows_left -= 1

    def probabilities(self, windows: Samples) -> Samples:
        """Returns the network's output for windows (n, components, samples): (n, samples, labels).

        A batch that a GPU's memory does not hold goes through in halves, and so do all that follow.
        """
        import torch

        batch = torch.from_numpy(windows).to(self.model.device)
        arguments = dict(self.model.default_args)
        try:
            with torch.inference_mode():
                made = self.model.annotate_batch_pre(batch, arguments)
                ready, piggyback = made if isinstance(made, tuple) else (made, None)
                output = self.model.annotate_batch_post(self.model(ready), piggyback, arguments)
        except torch.OutOfMemoryError:
            if len(windows) == 1:
                raise
            del batch
            self.batch_size = max(1, len(windows) // 2)
            torch.cuda.empty_cache()
            halves = (windows[: self.batch_size], windows[self.batch_size :])
            return np.concatenate([self.probabilities(half) for half in halves])
        found: Samples = output.cpu().numpy()
        if found.shape != (len(windows), self.length, len(self.labels)):
            raise ValueError(f"{self.model.name} gives {found.shape[1:]} values for a window")
        return found

    def _finished(self, opened: list[_Open[T]]) -> Iterator[Annotation[T]]:
        """Takes the records without waiting windows from the front of `opened`."""
        while opened and not opened[0].windows_left:
            done = opened.pop(0)
            stacked = done.mean.value() if self.takes_mean else done.highest
            yield Annotation(done.record, stacked, done.late.value(), done.first_s, self.rate_hz)


def _margins(blinding: Any) -> tuple[int, int]:
    """Returns how many samples of a window's start and end a network is blind for."""
    before, behind = (blinding, blinding) if isinstance(blinding, int) else blinding
    return int(before), int(behind)


def padded(
    samples: npt.NDArray[np.float64], before: int, behind: int, rate_hz: float
) -> npt.NDArray[np.float64]:
    """Returns `samples`, each row's mean removed, with its first and last second mirrored back and forth.

    Zeros would do worse: where they end and the noise begins EQTransformer sees an onset
    (`benchmarks/picks_accuracy.py`).

    Args:
        samples: shape (components, n).
        before: samples to put before.
        behind: samples to put behind.
        rate_hz: samples per second.
    """
    samples = samples - samples.mean(axis=1, keepdims=True)
    mirrored = max(1, round(MIRRORED_S * rate_hz))
    head, tail = samples[:, :mirrored], samples[:, -mirrored:]
    before_it = np.pad(head, ((0, 0), (before, 0)), mode="symmetric")[:, :before]
    behind_it = np.pad(tail, ((0, 0), (0, behind)), mode="symmetric")[:, tail.shape[1] :]
    return np.concatenate([before_it, samples, behind_it], axis=1)
