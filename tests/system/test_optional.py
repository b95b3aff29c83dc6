"""Optional packages: what is said of one that is missing, or broken."""

import sys

import pytest

from lrfit.errors import UsageError
from lrfit.system.optional import import_optional


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of this name with this source; imports of it are forgotten afterwards."""

    def make(name, source):
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, name, raising=False)

    return make


def test_a_package_that_lacks_another_names_that_one(package):
    package("lrfit_half_there", "import lrfit_other_half")
    with pytest.raises(
        UsageError, match=r"^a picture needs lrfit_half_there.*: pip install lrfit_other_half$"
    ):
        import_optional("lrfit_half_there", "a picture")


def test_a_package_that_is_broken_says_how(package):
    package("lrfit_broken", "raise ImportError('of another NumPy')")
    with pytest.raises(UsageError, match=r"a picture needs lrfit_broken, which cannot.*of another NumPy"):
        import_optional("lrfit_broken", "a picture")
