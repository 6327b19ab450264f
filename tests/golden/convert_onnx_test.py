"""`polygraph convert` from one ONNX model to another: types, opset versions, functions, external data, the text form."""

import os
import unittest

from program import run
from text_models import CHAIN, HEADER, ModelTest

WEIGHTED = HEADER + """
weighted (float[2,2] x) => (float[2,2] y) <float[2,2] w = {1, 2, 3, 4}, float[2,2] huge = {1e38, 0, 0, 0}> {
  [product] a = MatMul (x, w)
  [sum] s = Add (a, huge)
  [end] y = Relu (s)
}
"""


class ConvertOnnxTest(ModelTest):
    def convert(self, *options, model=None, output="new.onnx"):
        return run("convert", model or self.model, "-o", self.path(output), *options)

    def converted(self, *options, **settings):
        self.check(self.convert(*options, **settings), 0)
        return self.inspect(self.path("new.onnx"))


class Floats(ConvertOnnxTest):
    def setUp(self):
        super().setUp()
        self.model = self.model_of(WEIGHTED)

    def types(self, model):
        return {tensor["name"]: tensor["dtype"] for tensor in model["initializers"]}

    def test_float16_and_bfloat16(self):
        for option, dtype in (("--fp-to-fp16", "float16"), ("--fp-to-bf16", "bfloat16")):
            with self.subTest(option=option):
                model = self.converted(option)
                self.assertIn(dtype, self.types(model).values())
                self.assertEqual((model["inputs"][0]["dtype"], model["outputs"][0]["dtype"]), ("float32", "float32"))
                model = self.converted(option, "--convert-io-types")
                self.assertEqual(model["inputs"][0]["dtype"], dtype)

    def test_what_does_not_fit_stays_and_is_named(self):
        result = self.convert("--fp-to-fp16")
        self.check(result, 0, stdout=["Nodes that stay in float32", "'huge' (4 values): 1 overflow; stays float32"])
        self.assertEqual(self.types(self.inspect(self.path("new.onnx")))["huge"], "float32")

    def test_nodes_and_operators_can_be_kept(self):
        self.assertEqual(self.types(self.converted("--fp-to-fp16", "--fp32-nodes", "prod*"))["w"], "float32")
        self.assertEqual(self.types(self.converted("--fp-to-fp16", "--fp32-op-types", "MatMul"))["w"], "float32")


class OtherChanges(ConvertOnnxTest):
    def setUp(self):
        super().setUp()
        self.model = self.model_of(CHAIN)

    def test_opset(self):
        self.assertEqual(self.converted("--opset", "18")["opsets"], {"ai.onnx": 18})
        self.check_error(self.convert("--opset", "0"), 2, "0 is too small")
        self.check_error(self.convert("--opset", "999"), 3, "999")

    def test_outputs(self):
        self.assertEqual(self.names(self.converted("--onnx-outputs", "a", "y")["outputs"]), ["a", "y"])

    def test_functions(self):
        self.model = self.model_of("""<ir_version: 10, opset_import: ["" : 21, "local" : 1]>
            main (float[2] x) => (float[2] y) { y = local.twice (x) }
            <domain: "local", opset_import: ["" : 21]>
            twice (v) => (w) { w = Add (v, v) }""")
        self.assertEqual([node["op_type"] for node in self.converted("--inline-functions")["nodes"]], ["Add"])

    def test_text_form_there_and_back(self):
        self.check(self.convert(output="new.onnxtxt"), 0)
        self.assertIn("[sigmoid] b = Sigmoid (a)", self.read("new.onnxtxt"))
        self.check(self.convert(model=self.path("new.onnxtxt")), 0)
        self.assertEqual(self.nodes(self.path("new.onnx")), self.nodes(self.model))

    def test_a_text_with_a_mistake_is_refused_with_its_place(self):
        self.write("bad.onnxtxt", (CHAIN + "nonsense").encode())
        self.check_error(self.convert(model=self.path("bad.onnxtxt")), 3, "line", "column")


class Targets(ConvertOnnxTest):
    def setUp(self):
        super().setUp()
        self.model = self.model_of(CHAIN)

    def test_the_name_or_the_option_decides(self):
        self.check(self.convert("--convert-to", "onnx", output="new.model"), 0)
        self.assertEqual(self.inspect(self.path("new.model"))["format"], "onnx")
        self.check_error(self.convert("--convert-to", "openvino"), 2, "the name of a model")
        self.check_error(self.convert("--convert-to", "tf"), 2, "'tf'", "onnx")

    def test_options_of_the_other_target_are_refused(self):
        self.check_error(self.convert("--fp16"), 2, "--fp16 is about engines", "--fp-to-fp16")
        self.check_error(self.convert("--fp-to-fp16", output="new.engine"), 2, "--fp-to-fp16 is about ONNX models", "two steps")
        self.assertFalse(os.path.exists(self.path("new.engine")))


if __name__ == "__main__":
    unittest.main()
