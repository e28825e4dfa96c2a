"""CSV whose cells no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from tsmon.untrusted.text import csv_cell


def csv_text(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> str:
    """A line of names and a line for each row; what a row does not have stays empty."""
    text = io.StringIO()
    names = list(columns)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(csv_cell, names))
    for row in rows:
        writer.writerow([csv_cell(row.get(name, "")) for name in names])
    return text.getvalue()
