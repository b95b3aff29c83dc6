"""Views of graphs for the tests of all formats; some of the names mean something in a language."""

import numpy as np

from lrfit.graph.assignments import assign_sub
from lrfit.graph.leaves import Variable, placeholder
from lrfit.graph.ops import reduce_sum
from lrfit.graph.program import Program
from lrfit.messages import shown
from lrfit.model.equation import linear_model
from lrfit.training.graph import training_graph
from lrfit.training.settings import TrainingSettings
from lrfit.views.graph_annotations import evaluated, optimized
from lrfit.views.graph_view import GraphView

HOSTILE = (
    'a"]; b --> c; click n0 "javascript:x" \\',
    "`md` end %%{init: {}}%% #quot; &amp; -->|x| {{[[((",
    "</script><script>alert(1)</script> // /* <b>",
    "\\",
    "\x1b[31m\n\u2028\u202e\x00 $x^2$",
    "größe 温度",
)
FEEDS = [np.array([[1.0], [2.0], [-1.0], [0.5]]), np.array([[1.0], [2.0], [3.0], [4.0]])]


def forward(l2=0.0):
    model = linear_model(np.ones(1), 0.5, l2=l2)
    captions = {"x": "features 'a', 'b'", "W": "weights"}
    return GraphView(Program.of([model.objective], [model.x, model.y]), captions)


def training(**settings):
    """Of a step by these settings; with `average`, the step is one group within another."""
    chosen = TrainingSettings(**settings)
    momentum = chosen.momentum or 0.0
    graph = training_graph(np.ones(1), 0.5, chosen, learning_rate=0.25, momentum=momentum, steps_per_epoch=1)
    return GraphView(Program.of([graph.train_op], [graph.model.x, graph.model.y]))


def valued(view, objective="loss"):
    state = {v.name: np.full(v.shape, 0.5 if v.shape == () else 1.0) for v in view.program.variables}
    return evaluated(view, FEEDS, state, objective)


def hostile(name):
    """A graph of which all names, and a caption, are this text; as it is in names, shown in the caption."""
    x = placeholder((None, 2), name=name)
    v = Variable(1.0, name=f"{name} v")
    total = reduce_sum(x * v, name=f"{name} total")
    program = Program.of([assign_sub(v, total, name=f"{name} update")], [x])
    view = GraphView(program, {name: shown(name)}, removed={"prune": [name]})
    return evaluated(view, [np.ones((2, 2))], {f"{name} v": np.float64(3.0)}, f"{name} total")


VIEWS = {
    "forward": forward,
    "training": training,
    "averages": lambda: training(average=True, batch_size=2, clip_norm=1.0),
    "optimized": lambda: optimized(training()),
    "values": lambda: valued(forward(l2=0.5), "objective"),
    "training values": lambda: valued(training()),
    "optimized values": lambda: valued(optimized(training())),
    **{f"hostile {i}": (lambda name=name: hostile(name)) for i, name in enumerate(HOSTILE)},
}
