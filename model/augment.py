"""Changing the training digits as pens, hands, papers and scanners would.

The chances are drawn for each picture, but all pictures of a batch are changed together: that costs
30 times less than running torchvision's transforms on one picture after the other.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional

from model.data import to_input

THINNER = 2
THICKER = 3
SAME_PEN = 1 / 4
"""Share of the pictures that keep their pen."""
ROTATION = math.radians(18)
SHEAR = 0.2
SMALLEST, LARGEST = 0.5, 1.2
STRETCH = 0.12
"""Width and height differ from the common scale by up to this share."""
SHIFT = 5 / 14
"""In affine_grid's unit, half a picture: five pixels."""
WARP = 1.1 / 14
"""Standard deviation of the displacement at its knots, in the same unit: about a pixel."""
KNOTS = 5
"""The displacement is drawn at 5x5 points and is smooth in between."""


def draw_with_pens(pictures: Tensor, batch: int = 1000) -> Tensor:
    """Every picture as drawn with six pens, from two pixels thinner to three thicker.

    Made once and kept, for this is the slowest of all changes.

    Args:
        pictures: uint8 ``(N, 28, 28)``.
        batch: How many pictures are worked on together; bounds the memory.

    Returns:
        uint8 ``(6, N, 28, 28)``; the pictures themselves are at index THINNER.
    """
    parts = [_redraw(to_input(part)) for part in torch.split(pictures, batch)]
    pens = torch.cat(parts, dim=1)
    pens[THINNER] = pictures
    return pens


def _redraw(pictures: Tensor) -> Tensor:
    # At double size, one step of a 3x3 filter changes the width of a stroke by one final pixel.
    thin = thick = functional.interpolate(pictures, scale_factor=2, mode="bilinear")
    row = [thin]
    for _ in range(THINNER):
        thin = -functional.max_pool2d(-thin, 3, stride=1, padding=1)
        row.insert(0, thin)
    for _ in range(THICKER):
        thick = functional.max_pool2d(thick, 3, stride=1, padding=1)
        row.append(thick)
    small = [functional.avg_pool2d(drawing, 2).squeeze(1) for drawing in row]
    return (torch.stack(small) * 255).round().to(torch.uint8)


def augment(pens: Tensor, generator: Generator) -> Tensor:
    """A batch as the network is trained with it.

    Args:
        pens: uint8 ``(6, N, 28, 28)`` of `draw_with_pens`.
        generator: The source of all chances.

    Returns:
        float32 ``(N, 1, 28, 28)`` in 0..1.
    """
    return fade_and_soil(bend(choose_pen(pens, generator), generator), generator)


def choose_pen(pens: Tensor, generator: Generator) -> Tensor:
    """One picture for each six: a mix of two neighbouring pens, or the picture as it was."""
    count = pens.shape[1]
    place = _chances(count, 0, len(pens) - 1, generator)
    place[_chances(count, 0, 1, generator) < SAME_PEN] = THINNER
    thinner = place.long().clamp(max=len(pens) - 2)
    which = torch.arange(count)
    low, high = to_input(pens[thinner, which]), to_input(pens[thinner + 1, which])
    return torch.lerp(low, high, (place - thinner).view(-1, 1, 1, 1))


def bend(pictures: Tensor, generator: Generator) -> Tensor:
    """Rotate, shear, scale, stretch, shift and warp: ``(N, 1, 28, 28)`` to the same."""
    count = len(pictures)
    shape = list(pictures.shape)
    grid = functional.affine_grid(_affine(count, generator), shape, align_corners=False)
    knots = torch.randn(count, 2, KNOTS, KNOTS, generator=generator) * WARP
    knots *= _chances(count, 0, 1, generator).view(-1, 1, 1, 1)
    warp = functional.interpolate(knots, shape[-2:], mode="bicubic", align_corners=True)
    grid += warp.permute(0, 2, 3, 1)
    return functional.grid_sample(pictures, grid, align_corners=False)


def fade_and_soil(pictures: Tensor, generator: Generator) -> Tensor:
    """Weaker ink for half of the pictures, noise for a quarter of them."""
    count = len(pictures)
    gain = _chances(count, 0.4, 1.6, generator).clamp(max=1).view(-1, 1, 1, 1)
    dirt = _chances(count, -0.24, 0.08, generator).clamp(min=0).view(-1, 1, 1, 1)
    noise = torch.randn(pictures.shape, generator=generator)
    return (pictures * gain + noise * dirt).clamp(0, 1)


def _affine(count: int, generator: Generator) -> Tensor:
    """Random matrices of shape ``(N, 2, 3)`` that lead from places after to places before."""
    # Each picture has a strength of its own, so that most stay near to what MNIST looks like.
    strength = _chances(count, 0, 1, generator)

    def change(low: float, high: float) -> Tensor:
        return _chances(count, low, high, generator) * strength

    angle, shear = change(-ROTATION, ROTATION), change(-SHEAR, SHEAR)
    scale = torch.exp(change(math.log(SMALLEST), math.log(LARGEST)))
    stretch = change(-STRETCH, STRETCH)
    across, down = 1 / (scale * (1 + stretch)), 1 / (scale * (1 - stretch))
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = [
        torch.stack([cos * across, (shear * cos - sin) * down, change(-SHIFT, SHIFT)], dim=1),
        torch.stack([sin * across, (shear * sin + cos) * down, change(-SHIFT, SHIFT)], dim=1),
    ]
    return torch.stack(rows, dim=1)


def _chances(count: int, low: float, high: float, generator: Generator) -> Tensor:
    """One number between low and high for each picture: ``(N,)``."""
    return torch.rand(count, generator=generator) * (high - low) + low
