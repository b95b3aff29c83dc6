"""Pruning: nodes that no fetch needs are removed."""

from __future__ import annotations

from lrfit.graph.program import Program


def prune(program: Program) -> Program:
    """The program without the nodes that no fetch needs.

    Examples:
        >>> from lrfit import constant
        >>> kept, dropped = constant(1.0, name="kept"), constant(2.0, name="dropped")
        >>> print(prune(Program((kept, dropped), fetches=(kept,))))
        kept  ()  constant(value=array(1.))
        fetch kept
    """
    return Program.of(program.fetches, program.feeds)
