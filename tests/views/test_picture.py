"""Pictures as data: names from outside that stand in them."""

from hypothesis import given
from hypothesis import strategies as st

from lrfit.views.picture import named


@given(st.text())
def test_no_name_steers_what_shows_it(name):
    text = named(name)
    assert text.isprintable()
    assert len(text) <= 32
    assert text == name or not name.isprintable() or len(name) > 32
