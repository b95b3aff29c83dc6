"""Stand-ins for clusters: tasks that run in this process, one after the other."""

import pickle


class Joined(list):
    """Results that are merged by being put one behind the other."""

    def merge(self, other):
        return Joined([*self, *other])


class Here:
    """A cluster in this process; what a worker gets and gives is pickled all the same."""

    n_threads = 2

    def __init__(self, *, pickled=True):
        self._pickled = pickled
        self.n_calls = 0

    def map(self, function, items):
        for item in items:
            yield item, self._run(function, item)

    def call(self, function, item):
        self.n_calls += 1
        return self._run(function, item)

    def _run(self, function, item):
        if not self._pickled:
            return function(item)
        function, item = pickle.loads(pickle.dumps((function, item)))  # noqa: S301 (our own)
        return pickle.loads(pickle.dumps(function(item)))  # noqa: S301
