"""`polygraph surgeon sanitize`: cleaning, sorting, folding, outputs, shapes and external data."""

import json
import os
import unittest

import engines
from program import run
from text_models import CHAIN, HEADER, ModelTest

# Dead nodes and weights, nodes out of order, and constants: c = 1 + 2, r = reshape by the shape of x.
UNTIDY = HEADER + """
untidy (float[2,3] x) => (float[6] y)
  <float one = {1}, float two = {2}, float unused = {3}> {
  [scaled] s = Mul (x, c)
  [constant] c = Add (one, two)
  [dead] d = Relu (x)
  [shape] n = Shape (x)
  [product] p = ReduceProd <keepdims = 1> (n)
  [flat] y = Reshape (s, p)
}
"""


class SanitizeTest(ModelTest):
    def sanitize(self, *options, model=None):
        return run("surgeon", "sanitize", model or self.model, "-o", self.path("clean.onnx"), *options)

    def clean(self, *options, **settings):
        self.check(self.sanitize(*options, **settings), 0)
        return self.nodes(self.path("clean.onnx"))

    def check_refused(self, code, *parts, options):
        self.check_error(self.sanitize(*options), code, *parts)
        self.assertFalse(os.path.exists(self.path("clean.onnx")))


class Cleaning(SanitizeTest):
    def setUp(self):
        super().setUp()
        self.model = self.model_of(UNTIDY)

    def test_cleanup(self):
        nodes = self.clean("--cleanup")
        self.assertEqual(len(nodes), 5)
        self.assertNotIn("Relu(x) -> d", nodes)
        self.assertEqual(self.names(self.inspect(self.path("clean.onnx"))["initializers"]), ["one", "two"])

    def test_toposort_keeps_the_order_where_it_can(self):
        nodes = self.clean("--toposort")
        self.assertEqual(len(nodes), 6)
        self.assertLess(nodes.index("Add(one, two) -> c"), nodes.index("Mul(x, c) -> s"))
        self.assertEqual([node.split("(")[0] for node in nodes if node[0] != "A" and node[0] != "M"],
                         ["Relu", "Shape", "ReduceProd", "Reshape"])

    def test_without_options_everything_stays(self):
        self.assertEqual(len(self.clean()), 6)

    def test_a_cycle_is_named(self):
        self.model = self.model_of(HEADER + "g (float[1] x) => (float[1] y) { a = Add (x, b)  b = Relu (a)  y = Relu (b) }")
        self.check_refused(3, "in a circle", options=["--toposort"])

    def test_json_report(self):
        result = self.sanitize("--cleanup", "--json")
        self.check(result, 0)
        report = json.loads(result.stdout)
        self.assertEqual([node["name"] for node in report["removed_nodes"]], ["dead"])
        self.assertEqual((report["before"]["initializers"], report["after"]["initializers"]), (3, 2))


class Folding(SanitizeTest):
    def setUp(self):
        super().setUp()
        self.model = self.model_of(UNTIDY)

    def test_everything_that_is_constant(self):
        nodes = self.clean("--toposort", "--fold-constants")
        self.assertEqual([node.split("(")[0] for node in nodes], ["Mul", "Reshape"])
        values = {tensor["name"]: tensor["values"] for tensor in self.inspect(self.path("clean.onnx"))["initializers"]}
        self.assertEqual(values["c"], [3.0])
        self.assertEqual(values["p"], [6])

    def test_shapes_are_left_on_wish(self):
        nodes = self.clean("--toposort", "--cleanup", "--fold-constants", "--no-fold-shapes")
        self.assertIn("Shape(x) -> n", nodes)
        self.assertNotIn("Add(one, two) -> c", nodes)

    def test_large_results_are_left_on_wish(self):
        self.model = self.model_of(HEADER + """
            g (float[1] x) => (float[1000] y) <int64[1] n = {1000}> { big = Expand (one, n)  y = Add (x, big)
            one = Constant <value = float {1}> () }""")
        self.assertEqual(len(self.clean("--toposort", "--fold-constants")), 1)
        nodes = self.clean("--toposort", "--fold-constants", "--fold-size-threshold", "1K")
        self.assertEqual([node.split("(")[0] for node in nodes], ["Expand", "Add"])
        self.assertEqual(len(self.clean("--toposort", "--fold-constants", "--fold-size-threshold", "4000")), 1)

    def test_what_could_not_be_folded_is_named(self):
        self.model = self.model_of("""<ir_version: 10, opset_import: ["" : 21, "com.example" : 1]>
            g (float[1] x) => (float[1] y) <float[1] w = {1}> { [odd] c = com.example.Odd (w)  y = Add (x, c) }""")
        result = self.sanitize("--fold-constants")
        self.check(result, 0, stdout=["Not folded", "odd", "Odd"])
        self.assertEqual(len(self.nodes(self.path("clean.onnx"))), 2)

    def test_options_without_folding_warn(self):
        result = self.sanitize("--no-fold-shapes", "--num-passes", "2")
        self.check(result, 0, stderr=["[W] Nothing is folded: --no-fold-shapes, --num-passes do nothing without --fold-constants"])

    def test_wrong_values(self):
        self.check_refused(2, "--num-passes", "0 is too small", options=["--fold-constants", "--num-passes", "0"])
        self.check_refused(2, "'16T' is no number of bytes", options=["--fold-constants", "--fold-size-threshold", "16T"])
        self.check_refused(2, "--partitioning", "'some'", options=["--fold-constants", "--partitioning", "some"])


class OutputsAndShapes(SanitizeTest):
    def setUp(self):
        super().setUp()
        self.model = self.model_of(CHAIN)

    def outputs(self, *options):
        self.clean(*options)
        return self.names(self.inspect(self.path("clean.onnx"))["outputs"])

    def test_outputs(self):
        self.assertEqual(self.outputs("--outputs", "a"), ["a"])
        self.assertEqual(self.outputs("--outputs", "a", "--outputs", "y"), ["a", "y"])
        self.assertEqual(self.outputs("--outputs", "*"), ["a", "b", "y"])
        self.assertEqual(self.outputs("--outputs", "mark", "all"), ["a", "b", "y"])
        self.assertEqual(self.outputs("--outputs", "*", "--exclude-outputs", "b"), ["a", "y"])
        self.assertEqual(self.outputs("--outputs-by-type", "Sigmoid"), ["b"])
        self.check_error(self.sanitize("--outputs", "c"), 3, "'c'")

    def test_outputs_with_brackets_in_their_names(self):
        self.model = self.model_of(CHAIN.replace(" a", ' "a[0]"').replace("(a)", '("a[0]")'), "brackets.onnx")
        self.assertEqual(self.outputs("--outputs", "a[0]"), ["a[0]"])

    def test_overridden_shapes(self):
        self.clean("--override-input-shapes", "x:[n,7]")
        model = self.inspect(self.path("clean.onnx"))
        self.assertEqual(model["inputs"][0]["shape"], ["n", 7])
        self.clean("--override-inputs", "x:[4,7]", "--outputs", "*")
        self.assertEqual([output["shape"] for output in self.inspect(self.path("clean.onnx"))["outputs"]], [[4, 7]] * 3)
        self.check_error(self.sanitize("--override-input-shapes", "z:[1]"), 3, "'z'")
        self.check_error(self.sanitize("--override-input-shapes", "x"), 2, "NAME:SHAPE")


    @engines.needs_openvino
    def test_shapes_of_a_run(self):
        self.model = self.model_of(CHAIN.replace("2,3", "n,3"), "open.onnx")
        self.clean("--force-fallback-shape-inference", "--override-inputs", "x:[4,3]")
        self.assertEqual(self.inspect(self.path("clean.onnx"))["outputs"][0]["shape"], [4, 3])


class ExternalData(SanitizeTest):
    def setUp(self):
        super().setUp()
        numbers = ", ".join(["0.5"] * 600)
        self.model = self.model_of(HEADER + f"""
            g (float[600] x) => (float[600] y) <float[600] w = {{{numbers}}}, float[1] small = {{1}}> {{
              a = Add (x, w)  y = Mul (a, small) }}""")

    def externals(self, path):
        return {tensor["name"]: tensor["external"]["location"] for tensor in self.inspect(path)["initializers"]
                if "external" in tensor}

    def test_default_name_and_threshold(self):
        self.clean("--save-external-data")
        self.assertEqual(self.externals(self.path("clean.onnx")), {"w": "clean.onnx.data"})
        self.clean("--save-external-data", "weights.bin", "--external-data-size-threshold", "0")
        self.assertEqual(self.externals(self.path("clean.onnx")), {"w": "weights.bin", "small": "weights.bin"})
        self.clean("--save-external-data", "--external-data-size-threshold", "1M")
        self.assertEqual(self.externals(self.path("clean.onnx")), {})

    def test_a_file_for_each(self):
        self.clean("--save-external-data", "--no-save-all-tensors-to-one-file", "--external-data-size-threshold", "0")
        self.assertEqual(self.externals(self.path("clean.onnx")), {"w": "w", "small": "small"})

    def test_there_and_back(self):
        self.clean("--save-external-data", "weights.bin")
        os.mkdir(self.path("elsewhere"))
        back = self.path("elsewhere/back.onnx")
        self.check(run("surgeon", "sanitize", self.path("clean.onnx"), "-o", back), 0)
        self.assertEqual(self.externals(back), {})
        self.assertEqual(self.inspect(back)["initializers"][0]["values"], [0.5] * 600)

    def test_data_in_another_folder(self):
        self.clean("--save-external-data", "weights.bin")
        os.mkdir(self.path("data"))
        os.rename(self.path("weights.bin"), self.path("data/weights.bin"))
        self.check(run("surgeon", "sanitize", self.path("clean.onnx"), "-o", self.path("back.onnx"), "--cleanup"), 0,
                   stderr=["[W] The model was not valid before", "weights.bin"])
        self.check(run("surgeon", "sanitize", self.path("clean.onnx"), "-o", self.path("back.onnx"), "--external-data-dir",
                       self.path("data")), 0)
        self.assertEqual(self.inspect(self.path("back.onnx"))["initializers"][0]["values"], [0.5] * 600)

    def test_data_that_is_ignored(self):
        self.clean("--save-external-data", "weights.bin")
        os.remove(self.path("weights.bin"))
        result = run("surgeon", "sanitize", self.path("clean.onnx"), "-o", self.path("structure.onnx"), "--ignore-external-data",
                     "--cleanup")
        self.check(result, 0)
        shown = run("inspect", "model", self.path("structure.onnx"), "--json", "--show", "layers")
        self.assertEqual([tensor["external"]["location"] for tensor in json.loads(shown.stdout)["initializers"]
                          if "external" in tensor], ["weights.bin"])

    def test_over_itself(self):
        self.clean("--save-external-data", "weights.bin")
        path = self.path("clean.onnx")
        self.check(run("surgeon", "sanitize", path, "-o", path, "--cleanup"), 0)
        self.assertEqual(self.inspect(path)["initializers"][0]["values"], [0.5] * 600)


if __name__ == "__main__":
    unittest.main()
