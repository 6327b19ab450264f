"""`check lint` finds what Polygraphy finds: levels, sources, nodes and summary, but for the differences named below.

    POLYGRAPH=build/bin/polygraph POLYGRAPH_PEER=venv/bin/python python3 tests/conformance/lint.py

POLYGRAPH is the program, which has to find ONNX Runtime; POLYGRAPH_PEER a Python with polygraphy, onnx, onnxruntime and
onnx_graphsurgeon.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("POLYGRAPH", "polygraph")
PEER = os.environ.get("POLYGRAPH_PEER", "python3")

# Makes the models below the folder named, lints each with Polygraphy, and prints {model: [status, report or null]}.
PEER_PROGRAM = r"""
import contextlib, io, json, os, sys
import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper
from polygraphy.tools import main

folder = sys.argv[1]
node = helper.make_node

def value(name, shape=(2, 3), dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)

def save(name, nodes, inputs, outputs, initializers=(), imports=(("", 13),)):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    imports = [helper.make_opsetid(*each) for each in imports]
    onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=8), os.path.join(folder, name + ".onnx"))

x, y = value("x"), value("y")
save("good", [node("Relu", ["x"], ["y"], name="r")], [x], [y])
save("no_name", [node("Relu", ["x"], ["a"]), node("MatMul", ["a", "a"], ["y"])], [x], [y])
save("parallel", [node("MatMul", ["x", "x"], ["a"], name="bad1"), node("Relu", ["x"], ["b"], name="ok"),
                  node("Concat", ["b", "x"], ["c"], name="bad2", axis=7), node("Add", ["a", "b"], ["y"], name="after")],
     [x], [y, value("c", (4, 3))])
save("duplicate_names", [node("Relu", ["x"], ["a"], name="n"), node("Tanh", ["a"], ["y"], name="n")], [x], [y])
save("no_imports", [node("Relu", ["x"], ["y"], name="r")], [x], [y], imports=())
save("custom", [node("Relu", ["x"], ["a"], name="r"), node("Fancy", ["a"], ["b"], name="f", domain="my.ops"),
                node("Relu", ["b"], ["y"], name="r2")], [x], [y], imports=(("", 13), ("my.ops", 1)))
save("unknown_operator", [node("Relu", ["x"], ["a"], name="r"), node("FakeOp", ["a"], ["y"], name="f")], [x], [y])
save("wrong_attribute", [node("Relu", ["x"], ["y"], name="r", alpha=1.0)], [x], [y])
save("duplicate_input", [node("Relu", ["x"], ["y"], name="r")], [x, x], [y])
save("unused", [node("Relu", ["x"], ["y"], name="r"), node("Tanh", ["x"], ["z"], name="idle")], [x, value("u")], [y])
save("dynamic", [node("Add", ["x", "z"], ["y"], name="add")], [value("x", ("n", 3)), value("z", ("m", 3))], [value("y", None)])
save("empty", [], [x], [x])
save("dangling", [node("Add", ["x", "nowhere"], ["y"], name="p")], [x], [y])
save("unused_weight", [node("Relu", ["x"], ["y"], name="r")], [x], [y], [numpy_helper.from_array(np.ones(2, np.float32), "w")])
branch = lambda op: helper.make_graph([node(op, ["a"], ["b"], name="inner")], "branch", [], [value("b")])
save("captures", [node("Relu", ["x"], ["a"], name="r"),
                  node("If", ["c"], ["i"], name="if", then_branch=branch("Relu"), else_branch=branch("Tanh")),
                  node("MatMul", ["i", "i"], ["y"], name="bad")], [x, value("c", (), TensorProto.BOOL)], [y])
open(os.path.join(folder, "text.onnx"), "w").write("not a model")
open(os.path.join(folder, "nothing.onnx"), "w").close()

results = {}
for name in sorted(os.listdir(folder)):
    report = os.path.join(folder, name + ".json")
    sys.argv = ["polygraphy", "check", "lint", os.path.join(folder, name), "-o", report]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            status = main()
        except SystemExit as end:
            status = end.code
    results[name] = [status, json.load(open(report)) if os.path.exists(report) else None]
print("RESULTS" + json.dumps(results))
"""

# Each with the reason; a model leaves the list when the reports are the same.
DIFFERENT = {
    "dangling.onnx": "the checker's finding names the node, which is among the failing ones",
    "dynamic.onnx": "an output without a shape, which the checker refuses, is a warning",
    "unused.onnx": "nodes without effect ran, too, and are listed as passing",
    "unused_weight.onnx": "a weight that nothing uses is a finding",
    "captures.onnx": "Polygraphy cannot run a node alone whose sub-graph takes values from outside, and blames it",
}


def entries(report):
    return sorted((entry["level"], entry["source"], tuple(entry.get("nodes", []))) for entry in report["lint_entries"])


def summary(report):
    return {key: sorted(names) for key, names in report["summary"].items()}


class Lint(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        result = subprocess.run([PEER, "-c", PEER_PROGRAM, cls.folder.name], stdout=subprocess.PIPE, text=True, check=True)
        cls.theirs = json.loads(result.stdout.split("RESULTS")[1])
        cls.ours = {}
        for name in cls.theirs:
            ours = subprocess.run([PROGRAM, "check", "lint", str(pathlib.Path(cls.folder.name) / name), "--json"],
                                  capture_output=True, text=True, check=False)
            cls.ours[name] = [ours.returncode, json.loads(ours.stdout)]
        if any("was not run" in entry["message"] for entry in cls.ours["good.onnx"][1]["lint_entries"]):
            raise unittest.SkipTest("Polygraph finds no ONNX Runtime")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def compared(self, name):
        (our_status, ours), (their_status, theirs) = self.ours[name], self.theirs[name]
        return (our_status, entries(ours), summary(ours)), (their_status, entries(theirs), summary(theirs))

    def test_reports_are_the_peers(self):
        self.assertGreater(len(self.theirs), 15)
        for name in self.theirs.keys() - DIFFERENT.keys():
            with self.subTest(model=name):
                self.assertEqual(*self.compared(name))

    def test_the_verdict_is_the_peers(self):
        for name, (status, _) in self.theirs.items():
            with self.subTest(model=name):
                self.assertEqual(self.ours[name][0], status)

    def test_known_differences_are_real(self):
        for name in DIFFERENT:
            with self.subTest(model=name):
                self.assertNotEqual(*self.compared(name))


if __name__ == "__main__":
    unittest.main()
