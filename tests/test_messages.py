"""Settings in messages are written as their user writes them."""

from lrfit.cli.option_names import as_options
from lrfit.messages import listed, spelled, spelling


def test_settings_are_arguments_or_within_the_block_options():
    assert spelled(learning_rate=0.5, x=...) == "learning_rate=0.5, x"
    with spelling(as_options):
        assert spelled(learning_rate=0.5, fit_intercept=False, separator="\t", x=...) == (
            r"--lr 0.5 --no-intercept --sep '\t' -x"
        )
        assert spelled(tol=1 / 3) == "--tol 0.3333333333333333"
    assert spelled(epochs=3) == "epochs=3"


def test_few_of_many_names_are_listed():
    assert listed([str(i) for i in range(12)]).endswith("'9' and 2 more")
