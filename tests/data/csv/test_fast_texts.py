"""Columns of text that the fast readers convert: as the strict reader's cells do, or not at all."""

import numpy as np
import pytest

from lrfit.data.csv import fast
from lrfit.data.csv.cells import cells_of
from lrfit.data.csv.format import ColumnLayout, CsvFormat
from lrfit.data.kinds import Column

DATE = Column("d", "date")


@pytest.fixture(params=fast._readers())
def read(request):
    """A reader, for a column of texts beside one of numbers."""

    def read(texts, **form):
        layout = ColumnLayout("data", CsvFormat(**form), ("d", "y"), (0,), (DATE,))
        return request.param("".join(f"{text},1\n" for text in texts).encode(), layout)

    return read


@pytest.mark.parametrize(
    "texts",
    [
        ["2026-03-01", "1969-12-31", "9999-12-31"],
        ["2026-03-01T12:30", "2026-03-01 23:59"],
        ["2026-03-01T12:30:59", "0001-01-01T00:00:00"],
        ["2026-03-01", "2026-03"],
        ["2026-03-01", "NA", "2026-03-01"],
    ],
)
def test_dates_have_the_bits_of_the_strict_reader(read, texts):
    cells = cells_of(DATE, CsvFormat())
    want = [np.nan if (value := cells.value(text)) is None else value for text in texts]
    values, lost, levels = read(texts)
    assert values.tobytes() == np.array(want).tobytes()
    assert (lost, levels) == (None, [()])


@pytest.mark.parametrize(
    "text",
    ["2026-02-30", "0000-01-01", "2026-03-01T24:00", "2026-03-0\u0661", "2026/03/01", "2026-03-01x12:30"],
)
def test_what_is_no_date_is_left_to_the_strict_reader(read, text):
    assert read([text]) is None


def test_a_date_may_stand_for_a_missing_value(read):
    values = read(["2026-03-01", "1900-01-01"], na=("1900-01-01",)).values
    assert np.isnan(values).tolist() == [[False, True]]
