"""Stand-ins for clusters: tasks that run in this process, one after the other."""

import pickle

from lrfit.system.cluster import Kept


class Joined(list):
    """Results that are merged by being put one behind the other."""

    def merge(self, other):
        return Joined([*self, *other])


def nothing(item):  # noqa: ARG001 (one of a family)
    return ()


class Here:
    """A cluster in this process; what a worker gets and gives is pickled all the same."""

    def __init__(self, *, pickled=True, n_threads=2):
        self._pickled = pickled
        self.n_threads = n_threads
        self.n_maps = 0
        self.most_bytes = None

    def n_bytes(self):
        return self.most_bytes

    def map(self, function, items, needs=nothing):
        self.n_maps += 1
        return self._mapped(function, items, needs)

    def _mapped(self, function, items, needs):
        for item in items:
            yield item, self._run(function, item, needs(item))

    def map_keeping(self, function, items, needs=nothing):
        for item in items:
            first, second = self._run(function, item, needs(item))
            yield item, first, Kept(second, self)

    def call(self, function, item, kept=()):
        return self._run(function, item, kept)

    def _run(self, function, item, kept):
        values = [one.future for one in kept]
        if not self._pickled:
            return function(item, *values)
        function, item = pickle.loads(pickle.dumps((function, item)))  # noqa: S301 (our own)
        return pickle.loads(pickle.dumps(function(item, *values)))  # noqa: S301
