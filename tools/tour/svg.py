"""Makes a screenshot small, and free of fonts that would be loaded from elsewhere."""

from __future__ import annotations

import re
from collections import defaultdict

COLUMN = 12.2
"""How wide a character is."""
LINE = 24.4
"""How high a line is."""

_NEEDLESS = re.compile(
    r"@font-face \{.*?\}\s*"
    r"|<!--.*?-->"
    r"|<clipPath.*?</clipPath>"
    r'| clip-path="[^"]*"'
    r"|</?defs>"
    r"|<text[^>]*>\n</text>"
    r"|terminal-\d+-",
    re.DOTALL,
)
_RECTS = re.compile(r"(?:<rect [^>]*crispEdges[^>]*/>\s*)+")
_RECT = re.compile(r'<rect fill="([^"]+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"')
_TEXT = re.compile(
    r'(<text class="\w+") x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"\s*>'
    r"((?:&#160;)*)(.*?)((?:&#160;)*)</text>"
)
_SPACE = "&#160;"


def slim(svg: str) -> str:
    """The same picture without fonts to load, clipping, and what repeats itself."""
    svg = _NEEDLESS.sub("", svg)
    svg = _RECTS.sub(lambda found: _paths(found[0]), svg)
    svg = _TEXT.sub(_without_spaces, svg)
    return "\n".join(line.strip() for line in svg.splitlines() if line.strip()) + "\n"


def _paths(rects: str) -> str:
    """A path for each colour, those that cover most first."""
    rows: defaultdict[str, list[str]] = defaultdict(list)
    area: defaultdict[str, float] = defaultdict(float)
    for fill, x, y, width in _joined(rects):
        rows[fill].append(f"M{x:g} {y:g}h{width:g}v{LINE}h-{width:g}z")
        area[fill] += width
    paths = [
        f'<path fill="{fill}" d="{"".join(rows[fill])}"/>'
        for fill in sorted(rows, key=lambda fill: -area[fill])
    ]
    return f'<g shape-rendering="crispEdges">{"".join(paths)}</g>'


def _joined(rects: str) -> list[tuple[str, float, float, float]]:
    """Colour, left, top and width of each rectangle; neighbours of one colour are one."""
    joined: list[tuple[str, float, float, float]] = []
    for fill, *numbers in _RECT.findall(rects):
        x, y, width = (round(float(number), 1) for number in numbers)
        if joined:
            fill_, x_, y_, width_ = joined[-1]
            if (fill_, y_) == (fill, y) and abs(x_ + width_ - x) < COLUMN / 2:
                joined[-1] = (fill, x_, y, round(x + width - x_, 1))
                continue
        joined.append((fill, x, y, width))
    return joined


def _without_spaces(found: re.Match[str]) -> str:
    """A text from its first to its last visible character: not every viewer keeps spaces there."""
    tag, x, y, length, before, text, after = found.groups()
    if not text:
        return ""
    left = float(x) + before.count(_SPACE) * COLUMN
    width = float(length) - (before + after).count(_SPACE) * COLUMN
    return f'{tag} x="{left:.1f}" y="{float(y):.1f}" textLength="{width:.1f}">{text}</text>'
