"""Which parts of a model TensorRT-RTX supports: inspect capability."""

import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from program import run  # noqa: E402
from text_models import HEADER, ModelTest  # noqa: E402
from trt_test import IDENTITY, RTX, needs_rtx  # noqa: E402

# TensorRT-RTX has no NonZero, of which it knows when it makes layers only; FakeOp nobody has.
NONZERO = HEADER + """g (float[2,3] x) => (float[2,3] y, int64[2,n] z, float[2,3] w) {
  [relu] a = Relu (x)  [first] b = NonZero (a)  [sigmoid] y = Sigmoid (a)  [same] z = Identity (b)
  [unused] c = NonZero (y)  [tanh] w = Tanh (y) }"""
UNKNOWN = HEADER + """g (float[2,3] x) => (float[2,3] z) {
  [relu] a = Relu (x)  [fake] y = FakeOp (a)  [sigmoid] z = Sigmoid (y) }"""


@needs_rtx
class Capability(ModelTest):
    def ask(self, model, *arguments):
        return run("inspect", "capability", model, "--trt-rtx", "-o", self.path("dumps"), *arguments, environment=RTX, cwd=self.folder)

    def dumps(self):
        return sorted(os.listdir(self.path("dumps")))

    def results(self):
        return self.read("dumps/results.txt")

    def test_a_model_that_is_fully_supported(self):
        for arguments in ((), ("--with-partitioning",)):
            self.check(self.ask(IDENTITY, *arguments), 0, stdout="Graph is fully supported by TensorRT-RTX 1.6.")
        self.assertFalse(os.path.exists(self.path("dumps")))
        told = json.loads(self.ask(IDENTITY, "--with-partitioning", "--json").stdout)
        self.assertEqual((told["supported"], told["problems"]), (True, []))
        self.assertEqual(told["parts"], [{"supported": True, "nodes": [0]}])

    def test_the_whole_model(self):
        model = self.model_of(NONZERO, "nonzero.onnx")
        result = self.ask(model)
        self.check(result, 1, stdout=["Graph is not fully supported by TensorRT-RTX 1.6.", "===== Summary =====\n"])
        self.assertEqual(self.dumps(), ["results.txt"])
        self.assertTrue(result.stdout.endswith(self.results()))
        heading, _, row = self.results().splitlines()[1:]
        self.assertEqual([cell.strip() for cell in heading.split("|")], ["Stack trace", "Operator", "Node", "Reason"])
        cells = [cell.strip() for cell in row.split(" | ")]
        self.assertEqual(cells[:3], ["", "NonZero", "first"])
        self.assertRegex(cells[3], "^UNSUPPORTED_NODE: importNonZero: ")

    def test_json(self):
        result = self.ask(self.model_of(NONZERO, "nonzero.onnx"), "--json", self.path("told.json"))
        self.check(result, 1, stdout="Graph is not fully supported")
        told = json.loads(self.read("told.json"))
        self.assertEqual(set(told), {"parser", "supported", "problems"})
        self.assertFalse(told["supported"])
        (problem,) = told["problems"]
        self.assertIn(problem.pop("reason"), self.results())
        self.assertEqual(problem, {"op_type": "NonZero", "node": "first", "nodes": [1], "functions": []})

    def test_parts(self):
        result = self.ask(self.model_of(NONZERO, "nonzero.onnx"), "--with-partitioning")
        self.check(result, 1, stdout="4 of 6 nodes are in 3 supported subgraph(s).", stderr="Saved 5 subgraphs")
        self.assertEqual(self.dumps(), ["results.txt", *(f"supported_subgraph-nodes-{nodes}.onnx" for nodes in ("0-0", "2-3", "5-5")),
                                        *(f"unsupported_subgraph-nodes-{nodes}.onnx" for nodes in ("1-1", "4-4"))])
        (row,) = self.results().splitlines()[3:]
        cells = [cell.strip() for cell in row.split(" | ")]
        self.assertEqual((cells[0], cells[1], cells[3]), ("NonZero", "2", "[[1, 2], [4, 5]]"))
        parts = {name: self.path(f"dumps/{name}_subgraph-nodes-{nodes}.onnx")
                 for name, nodes in (("supported", "2-3"), ("unsupported", "4-4"))}
        self.assertEqual(self.nodes(parts["supported"]), ["Sigmoid(a) -> y", "Identity(b) -> z"])
        self.assertEqual(self.nodes(parts["unsupported"]), ["NonZero(y) -> c"])
        self.assertEqual([(v["name"], v["dtype"]) for v in self.inspect(parts["supported"])["inputs"]], [("a", "float32"), ("b", "int64")])
        self.check(self.ask(parts["supported"]), 0)
        self.check(self.ask(parts["unsupported"]), 1)

    def test_what_is_not_known_without_the_others(self):
        self.check(self.ask(self.model_of(UNKNOWN, "unknown.onnx"), "--with-partitioning"), 1, stdout="1 of 3 nodes are in 1 supported")
        self.assertIn("Op type FakeOp is not supported", self.results())
        self.assertIn("the type of 'y' is not known", self.results())
        self.assertEqual(self.dumps()[1:], ["supported_subgraph-nodes-0-0.onnx", "unsupported_subgraph-nodes-1-2.onnx"])

    def test_weights_are_left_in_the_file(self):
        # Those of 1 kB and more; they are in both parts that are saved, or in none.
        weights = ", ".join(["0.5"] * 300)
        text = HEADER + f"""g (float[1,300] x) => (int64[2,n] z) <float[1,300] w = {{{weights}}}, float[1,300] v = {{{weights}}}>
          {{ a = Mul (x, w)  b = NonZero (a)  y = Add (x, v)  z = NonZero (y) }}"""
        self.check(self.ask(self.model_of(text, "weights.onnx"), "--with-partitioning"), 1, stdout="2 of 4 nodes")
        part = self.inspect(self.path("dumps/supported_subgraph-nodes-0-0.onnx"))
        self.assertEqual(self.names(part["initializers"]), ["w"])
        self.check(self.ask(self.path("dumps/supported_subgraph-nodes-0-0.onnx")), 0)

    def test_bad_input(self):
        self.check_error(self.ask(self.path("none.onnx")), 3, "none.onnx")
        self.check_error(self.ask(self.write("text.onnx", b"no model\n")), 3, "text.onnx", "as an ONNX model")
        cut = self.write("cut.onnx", pathlib.Path(IDENTITY).read_bytes()[:-5])
        self.check_error(self.ask(cut), 3, "cut.onnx")
        self.check_error(self.ask(IDENTITY, "--trt"), 2, "--trt and --trt-rtx do not go together")
        self.check_error(self.ask(IDENTITY, "-o", cut), 2, "is not a folder")
        self.check_error(self.ask(self.model, "--json", self.model), 2, "--json")
        self.check_error(self.ask(IDENTITY, "--onnx-flags", "nativ_instancenorm"), 2, "nativ_instancenorm")
        missing = run("inspect", "capability", IDENTITY, "--trt-rtx", environment={"POLYGRAPH_TENSORRT_RTX": "/nowhere"})
        self.check_error(missing, 4, "TensorRT-RTX was not found", "pip install")


if __name__ == "__main__":
    unittest.main()
