"""What the README and the pages name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOUR = ROOT / "docs" / "tour"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_TARGETS = re.compile(r"\]\(([^)\s#]+)[^)]*\)")


def named(page: Path) -> set[Path]:
    """The files that a page links to or shows."""
    targets = _TARGETS.findall(page.read_text("utf-8"))
    return {page.parent / target for target in targets if "://" not in target}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_files_that_there_are(page: Path) -> None:
    assert [str(path) for path in named(page) if not path.exists()] == []


def test_the_tour_shows_every_still() -> None:
    assert set(TOUR.glob("*.svg")) == {
        path for path in named(ROOT / "docs" / "tour.md") if path.suffix == ".svg"
    }


def test_a_still_loads_nothing_from_elsewhere_and_they_are_small_together() -> None:
    stills = list(TOUR.glob("*.svg"))

    assert not [path.name for path in stills if "url(" in path.read_text("utf-8")]
    assert sum(path.stat().st_size for path in stills) < 1_500_000


def test_the_readme_has_the_table_of_versions() -> None:
    page = (ROOT / "docs" / "versions.md").read_text("utf-8")
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert "\n".join(table) in (ROOT / "README.md").read_text("utf-8")
