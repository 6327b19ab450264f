"""`polygraph surgeon insert`: where the node goes, what it replaces, and its attributes."""

import os
import unittest

from program import run
from text_models import CHAIN, MEETING, ModelTest


class InsertTest(ModelTest):
    def setUp(self):
        super().setUp()
        self.model = self.model_of(CHAIN)

    def insert(self, *options, model=None):
        return run("surgeon", "insert", model or self.model, "-o", self.path("new.onnx"), *options)

    def inserted(self, *options, **settings):
        self.check(self.insert(*options, **settings), 0, stderr="")
        return self.nodes(self.path("new.onnx"))

    def check_refused(self, code, *parts, options):
        self.check_error(self.insert(*options), code, *parts)
        self.assertFalse(os.path.exists(self.path("new.onnx")))


class Places(InsertTest):
    def test_instead_of_what_was_between(self):
        nodes = self.inserted("--op", "Tanh", "--inputs", "x", "--outputs", "b")
        self.assertEqual(nodes, ["Tanh(x) -> b", "Relu(b) -> y"])

    def test_on_the_way_of_a_value(self):
        nodes = self.inserted("--op", "Tanh", "--name", "new", "--inputs", "a", "--outputs", "a")
        self.assertEqual(len(nodes), 4)
        self.assertTrue(nodes[1].startswith("Tanh(a) -> "), nodes)
        copy = nodes[1].split(" -> ")[1]
        self.assertEqual(nodes[2], f"Sigmoid({copy}) -> b")

    def test_an_output_keeps_its_name(self):
        nodes = self.inserted("--op", "Tanh", "--inputs", "y", "--outputs", "y")
        self.assertTrue(nodes[-1].startswith("Tanh(") and nodes[-1].endswith(") -> y"), nodes)
        self.assertEqual(self.names(self.inspect(self.path("new.onnx"))["outputs"]), ["y"])

    def test_repeated_inputs_all_count(self):
        self.model = self.model_of(MEETING)
        nodes = self.inserted("--op", "Max", "--inputs", "a", "--inputs", "b", "--outputs", "s")
        self.assertIn("Max(a, b) -> s", nodes)

    def test_report(self):
        result = self.insert("--op", "Tanh", "--name", "new", "--inputs", "x", "--outputs", "b")
        self.check(result, 0, stdout=["Nodes: 3 -> 2", "Removed 2 nodes:\n    relu_1 [Op: Relu]\n    sigmoid [Op: Sigmoid]",
                                      "Added 1 node:\n    new [Op: Tanh]"])


class Attributes(InsertTest):
    def attributes(self, *texts):
        """Of a node of a domain that nobody knows, so that any attribute is valid."""
        self.inserted("--op", "com.example::Odd", "--inputs", "y", "--outputs", "y", "--attrs", *texts)
        odd = [node for node in self.inspect(self.path("new.onnx"))["nodes"] if node["op_type"] == "Odd"][0]
        self.assertEqual(odd["domain"], "com.example")
        return {attribute["name"]: (attribute["type"], attribute["value"]) for attribute in odd["attributes"]}

    def test_kinds(self):
        self.assertEqual(
            self.attributes("i=3", "f=3.0", "e=1e3", "s=linear", "q='53'", "n=-7", "ints=[0,-1]", "floats=[0, 1.5]",
                            "strings=[a,'b,c']", "empty=[]", "equals=a=b", "path=/x[0]y"),
            {"i": ("int", 3), "f": ("float", 3.0), "e": ("float", 1000.0), "s": ("string", "linear"), "q": ("string", "53"),
             "n": ("int", -7), "ints": ("ints", [0, -1]), "floats": ("floats", [0.0, 1.5]),
             "strings": ("strings", ["a", "b,c"]), "empty": ("ints", []), "equals": ("string", "a=b"),
             "path": ("string", "/x[0]y")})

    def test_the_domain_is_imported(self):
        self.attributes("a=1")
        self.assertEqual(self.inspect(self.path("new.onnx"))["opsets"], {"ai.onnx": 21, "com.example": 1})

    def test_of_a_standard_operator(self):
        self.inserted("--op", "Softmax", "--inputs", "y", "--outputs", "y", "--attrs", "axis=0")
        softmax = self.inspect(self.path("new.onnx"))["nodes"][-1]
        self.assertEqual([(a["name"], a["value"]) for a in softmax["attributes"]], [("axis", 0)])

    def test_wrong_values(self):
        node = ["--op", "Softmax", "--inputs", "y", "--outputs", "y"]
        self.check_refused(2, "'axis' is not of the form NAME=VALUE", options=[*node, "--attrs", "axis"])
        self.check_refused(2, "only one bracket", options=[*node, "--attrs", "axis=[1"])
        self.check_refused(2, "numbers and texts", options=[*node, "--attrs", "axis=[1,a]"])
        self.check_refused(2, "out of range", options=[*node, "--attrs", "axis=99999999999999999999"])
        self.check_refused(3, "axis", options=[*node, "--attrs", "axis=1.5"])


class Refusals(InsertTest):
    def test_values(self):
        self.check_refused(3, "'aa'", options=["--op", "Relu", "--inputs", "aa", "--outputs", "y"])
        self.check_refused(3, "'yy'", options=["--op", "Relu", "--inputs", "a", "--outputs", "yy"])

    def test_options(self):
        self.check_refused(2, "--op is required", options=["--inputs", "a", "--outputs", "y"])
        self.check_refused(2, "names no operator", options=["--op", "a::", "--inputs", "a", "--outputs", "y"])

    def test_a_plugin_without_a_domain_is_a_warning(self):
        """TensorRT's plugins are nodes of the standard domain that the standard does not know."""
        result = self.insert("--op", "MyPlugin", "--inputs", "x", "--outputs", "b")
        self.check(result, 0, stderr=["[W]", "MyPlugin"])

    def test_what_was_invalid_before_is_a_warning(self):
        self.model = self.model_of(CHAIN.replace("Relu (x)", "Relu <alpha = 1> (x)"), "broken.onnx")
        result = self.insert("--op", "Tanh", "--inputs", "y", "--outputs", "y")
        self.check(result, 0, stderr=["[W] The model was not valid before", "alpha"])

    def test_a_cycle_is_refused(self):
        self.check_refused(3, "b", options=["--op", "Add", "--inputs", "b", "x", "--outputs", "a"])


if __name__ == "__main__":
    unittest.main()
