import pytest

from lrfit.tf1 import app, compat, contrib, flags, logging, python, refusals, test

ROOMS = [
    app,
    compat,
    contrib,
    contrib.layers,
    flags,
    logging,
    python,
    python.framework,
    python.framework.ops,
    test,
]


@pytest.mark.parametrize("module", ROOMS, ids=lambda module: module.__name__)
def test_every_room_refuses_by_name_what_it_lacks(module):
    name = module.__name__.replace("lrfit.tf1", "tf")
    with pytest.raises(
        refusals.NotHereError, match=rf"^{name}\.resnet is not in lrfit.tf1.* of test_refusals.py\)$"
    ):
        _ = module.resnet


@pytest.mark.parametrize("module", ROOMS, ids=lambda module: module.__name__)
def test_every_room_has_the_names_that_it_lists(module):
    assert all(hasattr(module, name) for name in module.__all__)


def test_names_of_python_itself_are_not_refused_but_absent():
    with pytest.raises(AttributeError, match=r"module 'lrfit.tf1.test' has no attribute '__wrapped__'"):
        _ = test.__wrapped__


def test_without_a_script_no_line_is_named(monkeypatch):
    monkeypatch.setattr(refusals, "_HERE", "")
    assert refusals.not_here("tf.keras").endswith("small networks")
