"""A networkx graph whose nodes have a position that exporters need not know.

`nx.draw` wants pairs of coordinates and `nx.write_graphml` refuses them.  So a node keeps x and y, and `pos` is made of them.
"""
from __future__ import annotations

import networkx as nx


class Facts(dict):
    """The attributes of a node: strings and numbers, and `pos`, the pair (x, y), for whoever asks for it."""

    def __missing__(self, name: str) -> tuple[float, float]:
        if name == "pos":
            return self["x"], self["y"]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name == "pos" or super().__contains__(name)

    def get(self, name: str, default=None):
        try:
            return self[name]
        except KeyError:
            return default


class Graph(nx.DiGraph):
    """A directed graph whose nodes have x, y and `pos`; so have the nodes of its copies and subgraphs."""

    node_attr_dict_factory = Facts
