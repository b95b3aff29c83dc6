"""Available memory: some, and no more than the machine has."""

import os

from lrfit.system.memory import available_memory


def test_available_memory_is_some_and_no_more_than_there_is():
    assert 0 < available_memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
