"""`polygraph surgeon extract`: which part, with which types, and which wishes are refused."""

import json
import os
import unittest

import engines
from program import run
from text_models import CHAIN, MEETING, ModelTest


class ExtractTest(ModelTest):
    def extract(self, *options, model=None):
        return run("surgeon", "extract", model or self.model, "-o", self.path("part.onnx"), *options)

    def part(self, *options, **settings):
        self.check(self.extract(*options, **settings), 0, stderr="")
        return self.inspect(self.path("part.onnx"))

    def check_refused(self, code, *parts, options):
        self.check_error(self.extract(*options), code, *parts)
        self.assertFalse(os.path.exists(self.path("part.onnx")))


class Parts(ExtractTest):
    def setUp(self):
        super().setUp()
        self.model = self.model_of(CHAIN)

    def test_between_two_values(self):
        part = self.part("--inputs", "a", "--outputs", "b")
        self.assertEqual(self.nodes(self.path("part.onnx")), ["Sigmoid(a) -> b"])
        self.assertEqual(part["inputs"], [{"name": "a", "dtype": "float32", "shape": [2, 3]}])
        self.assertEqual(part["outputs"], [{"name": "b", "dtype": "float32", "shape": [2, 3]}])

    def test_inputs_or_outputs_alone(self):
        self.part("--inputs", "a:auto:auto")
        self.assertEqual(self.nodes(self.path("part.onnx")), ["Sigmoid(a) -> b", "Relu(b) -> y"])
        self.part("--outputs", "a:auto")
        self.assertEqual(self.nodes(self.path("part.onnx")), ["Relu(x) -> a"])

    def test_given_types_hold(self):
        part = self.part("--inputs", "a:[n,3]:float16", "--outputs", "y:float16", "--no-check")
        self.assertEqual(part["inputs"], [{"name": "a", "dtype": "float16", "shape": ["n", 3]}])
        self.assertEqual(part["outputs"][0]["dtype"], "float16")

    def test_report(self):
        result = self.extract("--inputs", "a", "--outputs", "b")
        self.check(result, 0, stderr="", stdout=[
            "Nodes: 3 -> 1\n", "Inputs: {x [dtype=float32, shape=(2, 3)]}\n    -> {a [dtype=float32, shape=(2, 3)]}",
            "Removed 2 nodes:\n    relu_1 [Op: Relu]\n    relu_2 [Op: Relu]\n", "Saved '"])

    def test_json_report(self):
        result = self.extract("--inputs", "a", "--json")
        self.check(result, 0, stderr="")
        report = json.loads(result.stdout)
        self.assertEqual((report["tool"], report["before"]["nodes"], report["after"]["nodes"]), ("surgeon extract", 3, 2))
        self.assertEqual(report["removed_nodes"], [{"name": "relu_1", "op_type": "Relu", "domain": "", "output": "a"}])
        self.assertEqual(report["added_nodes"], [])
        self.assertEqual(report["saved"]["model_bytes"], os.path.getsize(self.path("part.onnx")))
        self.check(self.extract("--json", self.path("report.json")), 0, stdout="Nodes: 3\n")
        self.assertEqual(json.loads(self.read("report.json"))["after"]["nodes"], 3)

    def test_model_on_standard_output_is_not_mixed_with_the_report(self):
        with open(self.path("piped.onnx"), "wb") as file:
            read_end, write_end = os.pipe()
            result = run("surgeon", "extract", self.model, "-o", "/dev/stdout", "--outputs", "a", stdout=write_end)
            os.close(write_end)
            with os.fdopen(read_end, "rb") as pipe:
                file.write(pipe.read())
        self.check(result, 0, stderr="Nodes: 3 -> 1")
        self.assertEqual(self.nodes(self.path("piped.onnx")), ["Relu(x) -> a"])

    def test_over_itself(self):
        self.check(run("surgeon", "extract", self.model, "-o", self.model, "--outputs", "a"), 0)
        self.assertEqual(self.nodes(self.model), ["Relu(x) -> a"])

    def test_types_that_the_model_lacks_are_inferred(self):
        self.model = self.model_of(CHAIN.replace("<float[2,3] a, float[2,3] b>", ""), "bare.onnx")
        part = self.part("--inputs", "a", "--outputs", "b")
        self.assertEqual(part["inputs"], [{"name": "a", "dtype": "float32", "shape": [2, 3]}])
        self.assertEqual(part["outputs"], [{"name": "b", "dtype": "float32", "shape": [2, 3]}])


@engines.needs_openvino
class ShapesOfARun(ExtractTest):
    def test_open_dimensions_become_fixed(self):
        self.model = self.model_of(CHAIN.replace("2,3", "n,3"))
        part = self.part("--inputs", "a", "--outputs", "b", "--force-fallback-shape-inference", "-qqqq",
                         "--model-inputs", "x:[5,3]", "--val-range", "x:[-1,1]", "--seed", "2")
        self.assertEqual((part["inputs"][0]["shape"], part["outputs"][0]["shape"]), ([5, 3], [5, 3]))
        part = self.part("--inputs", "a:[m,3]", "--outputs", "b", "--force-fallback-shape-inference", "-qqqq")
        self.assertEqual((part["inputs"][0]["shape"], part["outputs"][0]["shape"]), (["m", 3], [1, 3]))

    def test_inputs_from_a_file(self):
        self.model = self.model_of(CHAIN.replace("2,3", "n,3"))
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (7, 3), }".ljust(117) + b"\n"
        data = self.write("x.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(7 * 3 * 4))
        force = ["--inputs", "a", "--force-fallback-shape-inference", "-qqqq", "--load-inputs"]
        self.assertEqual(self.part(*force, f"x:{data}")["inputs"][0]["shape"], [7, 3])
        self.check_error(self.extract(*force, f"z:{data}"), 3, "no input 'z'")
        self.check_error(self.extract(*force, "x.json"), 2, "NAME:FILE.npy")


class KnownMistakesOfPolygraphy(ExtractTest):
    def test_repeated_inputs_and_outputs_all_count(self):
        self.model = self.model_of(MEETING)
        part = self.part("--inputs", "a", "--inputs", "b", "--outputs", "s", "--outputs", "y")
        self.assertEqual(self.names(part["inputs"]), ["a", "b"])
        self.assertEqual(self.names(part["outputs"]), ["s", "y"])

    def test_dangling_values_are_refused(self):
        self.model = self.model_of(MEETING)
        self.check_refused(3, "'q'", options=["--inputs", "a", "--outputs", "y"])

    def test_names_with_brackets_and_wildcards_are_literal(self):
        text = CHAIN.replace(" a", " \"a[0]\"").replace("(a)", "(\"a[0]\")").replace(" b", " \"b*?\"").replace("(b)", "(\"b*?\")")
        self.model = self.model_of(text)
        part = self.part("--inputs", "a[0]", "--outputs", "b*?")
        self.assertEqual(self.names(part["inputs"] + part["outputs"]), ["a[0]", "b*?"])
        part = self.part("--inputs", "a[0]:[2,3]:float32")
        self.assertEqual(self.names(part["inputs"]), ["a[0]"])

    def test_a_missing_model_is_no_crash(self):
        self.check_error(self.extract(model=self.path("none.onnx")), 3, "none.onnx")

    def test_all_opset_imports_metadata_and_functions_stay(self):
        self.model = self.model_of("""<ir_version: 10, opset_import: ["" : 21, "local" : 1],
            metadata_props: ["author": "somebody"]>
            main (float[2] x) => (float[2] y) <float[2] a> {
              a = local.twice (x)
              y = Relu (a)
            }
            <domain: "local", opset_import: ["" : 21]>
            twice (v) => (w) { w = Add (v, v) }""")
        part = self.part("--outputs", "a")
        self.assertEqual(part["opsets"], {"ai.onnx": 21, "local": 1})
        self.assertEqual(part["metadata"], {"author": "somebody"})
        self.assertEqual([function["name"] for function in part["functions"]], ["twice"])


class Refusals(ExtractTest):
    def setUp(self):
        super().setUp()
        self.model = self.model_of(CHAIN)

    def test_names_and_values(self):
        self.check_refused(3, "'aa'", "Did you mean", options=["--inputs", "aa"])
        self.check_refused(3, "'c'", options=["--outputs", "c"])
        self.check_refused(2, "--inputs", "'flot32'", "float32", options=["--inputs", "a:flot32"])
        self.check_refused(2, "--inputs", "'2.5'", options=["--inputs", "a:[2.5]:float32"])

    def test_places(self):
        self.check_error(run("surgeon", "extract", self.model), 2, "--output is required")
        self.check_error(run("surgeon", "extract", self.model, "-o", self.folder), 3, "directory")
        self.check_refused(2, "is the model itself", options=["--json", self.model])


if __name__ == "__main__":
    unittest.main()
