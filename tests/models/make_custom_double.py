#!/usr/bin/env python3
"""Writes a model with one operation of a custom domain, for the test of extensions. Usage: make_custom_double.py FILE"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples"))
from make_identity import content, integer, tensor_info  # noqa: E402

node = content(1, "x") + content(2, "y") + content(3, "double") + content(4, "CustomDouble") + content(7, "polygraph.test")
graph = content(1, node) + content(2, "double") + content(11, tensor_info("x", [2])) + content(12, tensor_info("y", [2]))
opsets = content(8, content(1, "") + integer(2, 13)) + content(8, content(1, "polygraph.test") + integer(2, 1))
with open(sys.argv[1], "wb") as file:
    file.write(integer(1, 8) + content(7, graph) + opsets)
