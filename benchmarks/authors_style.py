"""The published network in its authors' style, written anew from their description: the yardstick.

Segments one after another in a Python loop, 2-D convolutions over images one sample wide, the LSTM's state
handed on from segment to segment, a prediction after each of which only the last is used.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LoopCnnLstm(nn.Module):
    """(batch, channels, samples) in cm/s^2 -> (batch,), Vs30 in m/s; the keys of the published state dict."""

    def __init__(self, channels: int = 4, segment_samples: int = 100) -> None:
        super().__init__()
        self.segment_samples = segment_samples
        self.cnn = nn.Module()
        self.cnn.conv = nn.Conv2d(channels, 16, 3, stride=2, padding=1)
        self.cnn.conv2 = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.cnn.conv3 = nn.Conv2d(32, 16, 3, stride=4, padding=1)
        self.cnn.conv4 = nn.Conv2d(16, 4, 3, stride=3, padding=1)
        self.cnn.pool = nn.MaxPool2d((3, 1), stride=(1, 2))
        self.lstm = nn.Module()
        self.lstm.lstm = nn.LSTM(4, 256, num_layers=2, batch_first=True)
        self.lstm.fc = nn.Linear(256, 1)

    def forward(self, windows: Tensor) -> Tensor:
        """Returns Vs30 in m/s, shape (batch,)."""
        hidden = torch.zeros(2, len(windows), 256)
        cell = torch.zeros(2, len(windows), 256)
        predictions = []
        for segment in torch.split(windows.unsqueeze(3), self.segment_samples, dim=2):
            features = segment
            for conv in (self.cnn.conv, self.cnn.conv2, self.cnn.conv3):
                features = self.cnn.pool(torch.relu(conv(features)))
            features = self.cnn.conv4(features).permute(0, 2, 3, 1).flatten(2)
            states, (hidden, cell) = self.lstm.lstm(features, (hidden, cell))
            predictions.append(nn.functional.leaky_relu(self.lstm.fc(states[:, -1])))
        return predictions[-1].squeeze(1)
