"""The network that reads a digit.

This file goes into the model archive as it is. TorchServe imports it alone and expects exactly one
class in it, so it needs nothing but torch and everything is inside :class:`DigitNet`.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn


class DigitNet(nn.Module):
    """Five convolutions, two poolings and one linear layer; about 0.28 million weights.

    Input: float tensor of shape ``(N, 1, 28, 28)``, light ink on a dark ground, 0.0 is ground and
    1.0 is ink, just as ``torchvision.transforms.ToTensor`` gives it. No mean or deviation has to be
    subtracted: the first convolution is followed by batch normalisation, which learns the scale.
    The ground being 0.0 also makes the zero padding of the convolutions look like more ground.

    Output: logits of shape ``(N, 10)``; their softmax is the probability of each digit.
    """

    def __init__(self, widths: tuple[int, int, int] = (32, 64, 128)) -> None:
        super().__init__()
        first, middle, last = widths
        self.features = nn.Sequential(
            *self._convolution(1, first, kernel=5),
            nn.MaxPool2d(2),  # 28 -> 14
            *self._convolution(first, middle),
            *self._convolution(middle, middle),
            nn.MaxPool2d(2),  # 14 -> 7
            *self._convolution(middle, last),
            *self._convolution(last, last),
            # Averaging over the place makes the answer care little where in the picture the ink is.
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.classifier = nn.Sequential(nn.Dropout(0.1), nn.Linear(last, 10))
        self.to(memory_format=torch.channels_last)  # a third faster on a CPU

    @staticmethod
    def _convolution(inputs: int, outputs: int, kernel: int = 3) -> list[nn.Module]:
        """A convolution that keeps the picture's size, with normalisation and activation."""
        return [
            # Batch normalisation shifts by itself, a bias before it would be dead weight.
            nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        ]

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits of shape ``(N, 10)`` for pictures of shape ``(N, 1, 28, 28)``."""
        return cast(Tensor, self.classifier(self.features(pictures)))
