"""`run` against Polygraphy's on the same models and options: verdicts, statistics, and the files that are saved.

    POLYGRAPH=build/bin/polygraph POLYGRAPH_PEER=venv/bin/python python3 tests/conformance/run.py

POLYGRAPH is the program, which has to find ONNX Runtime; POLYGRAPH_PEER a Python with polygraphy, onnx and onnxruntime.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("POLYGRAPH", "polygraph")
PEER = os.environ.get("POLYGRAPH_PEER", "python3")
PEER_PROGRAM = "import sys; from polygraphy.tools import main; sys.argv[0] = 'polygraphy'; sys.exit(main())"

MODELS = r"""
import os, sys
import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper

def save(name, nodes, inputs, outputs, weights=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(weights))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), os.path.join(sys.argv[1], name + ".onnx"))

def value(name, shape, dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)

node = helper.make_node
weight = numpy_helper.from_array(np.random.RandomState(0).randn(5, 7).astype(np.float32), "w")
for name, activation in (("tanh", "Tanh"), ("sigmoid", "Sigmoid")):
    save(name, [node("MatMul", ["x", "w"], ["m"]), node(activation, ["m"], ["y"]), node("ArgMax", ["m"], ["i"], axis=1, keepdims=0)],
         [value("x", ["n", 5])], [value("y", ["n", 7]), value("i", ["n"], TensorProto.INT64)], [weight])
"""


class Run(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        made = tempfile.TemporaryDirectory()
        cls.addClassCleanup(made.cleanup)
        cls.folder = pathlib.Path(made.name)
        subprocess.run([PEER, "-c", MODELS, cls.folder], check=True)
        if "not found" in cls.ours("run", cls.folder / "tanh.onnx", "--onnxrt").stderr:
            raise unittest.SkipTest("Polygraph finds no ONNX Runtime")

    @staticmethod
    def ours(*arguments):
        return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False)

    @staticmethod
    def theirs(*arguments):
        return subprocess.run([PEER, "-c", PEER_PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False)

    def both(self, *arguments, status=0):
        """What both print, without prefixes, indents, and what names a runner or a time."""
        texts = []
        for result in (self.ours(*arguments), self.theirs(*arguments)):
            self.assertEqual(result.returncode, status, result.stdout + result.stderr)
            lines = [re.sub(r"^\[.\] +|^ +", "", line) for line in result.stdout.splitlines()]
            texts.append([re.sub(r"(\w+-runner-N\d+)(-\d\d/\d\d/\d\d-\d\d:\d\d:\d\d)?( \(loaded\))?", r"\1", line).rstrip() for line in lines])
        return texts

    def chosen(self, lines):
        """The lines that users look for."""
        wanted = ("Tolerance:", "Error Metrics:", "Minimum Required", "Absolute Difference", "Relative Difference", "PASSED | Output",
                  "FAILED | Output", "PASSED | simple", "FAILED | simple", "Accuracy Summary", "L2 Norm:", "Cosine Similarity:", "PSNR:")
        return [line for line in lines if line.startswith(wanted) or " | Stats: " in line or "Comparing Output" in line]

    def test_equal_outputs(self):
        ours, theirs = map(self.chosen, self.both("run", self.folder / "tanh.onnx", "--onnxrt", "--onnxrt", "--input-shapes", "x:[3,5]"))
        self.assertEqual(len(ours), len(theirs))
        for line, other in zip(ours, theirs):
            if "nan" not in other:  # what Polygraphy makes of 0 divided by 0
                self.assertEqual(line, other)

    def test_other_outputs(self):
        for function, status in ((("simple",), 1), (("l2", "cosine_similarity", "psnr"), 1), (("simple", "--atol", "2.5"), 0),
                                 (("simple", "--check-error-stat", "median", "--atol", "i:5.5", "y:0.5"), 0)):
            with self.subTest(function=function):
                saved = self.folder / "tanh.json"
                made = self.theirs("run", self.folder / "tanh.onnx", "--onnxrt", "--save-outputs", saved)
                self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
                ours, theirs = self.both("run", self.folder / "sigmoid.onnx", "--onnxrt", "--load-outputs", saved, "--compare", *function,
                                         status=status)
                self.assertEqual(self.chosen(ours), self.chosen(theirs))
                saved.unlink()

    def test_files(self):
        files = {}
        for name, program in (("ours", self.ours), ("theirs", self.theirs)):
            inputs, outputs, accuracy = (self.folder / f"{name}_{kind}.json" for kind in ("inputs", "outputs", "accuracy"))
            result = program("run", self.folder / "tanh.onnx", "--onnxrt", "--onnxrt", "--iterations", "3", "--seed", "7", "--save-inputs",
                             inputs, "--save-outputs", outputs, "--save-accuracy-results", accuracy)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            files[name] = inputs.read_bytes(), outputs.read_text(), accuracy.read_text()
        self.assertEqual(files["ours"][0], files["theirs"][0])
        plain = [re.sub(r'"runtime": [^,]+', '"runtime": 0', re.sub(r"(-runner-N\d)-\d\d/\d\d/\d\d-\d\d:\d\d:\d\d", r"\1", text))
                 for text in (files["ours"][1], files["theirs"][1], files["ours"][2], files["theirs"][2])]
        self.assertEqual(plain[0], plain[1])
        self.assertEqual(plain[2], plain[3])
        self.assertEqual(len(json.loads(plain[0])["lst"]), 2)


if __name__ == "__main__":
    unittest.main()
