"""`polygraph surgeon simplify`: what goes, the table, and the check by running."""

import json
import os
import unittest

import engines
from program import run
from text_models import CHAIN, HEADER, ModelTest

WASTEFUL = HEADER + """
wasteful (float[2,3] x) => (float[2,3] y) <float one = {1}, float two = {2}> {
  [constant] c = Add (one, two)
  [copy] i = Identity (x)
  [left] l = Transpose <perm = [1, 0]> (i)
  [right] r = Transpose <perm = [1, 0]> (l)
  [once] a = Mul (r, c)
  [twice] b = Mul (r, c)
  [sum] y = Add (a, b)
}
"""


@engines.needs_openvino
class SimplifyTest(ModelTest):
    def setUp(self):
        super().setUp()
        self.model = self.model_of(WASTEFUL)

    def simplify(self, *options, **settings):
        return run("surgeon", "simplify", self.model, "-o", self.path("simple.onnx"), *options, **settings)

    def simple(self, *options):
        self.check(self.simplify(*options), 0)
        return [node.split("(")[0] for node in self.nodes(self.path("simple.onnx"))]

    def test_all_steps(self):
        self.assertEqual(self.simple(), ["Mul", "Add"])

    def test_table_and_verification(self):
        result = self.simplify()
        self.check(result, 0, stdout=["Operator     Before     After    Change\n", "Transpose         2         0        -2\n",
                                      "total             7         2        -5\n", "Verified: both models compute the same"])

    def test_json(self):
        report = json.loads(self.simplify("--json").stdout)
        self.assertEqual((report["before"]["ops"]["Transpose"], report["after"]["ops"]), (2, {"Add": 1, "Mul": 1}))
        self.assertEqual(report["simplification"]["duplicates"], 1)

    def test_steps_can_be_left_out(self):
        self.assertIn("Identity", self.simple("--no-remove-no-ops"))
        self.assertEqual(self.simple("--no-join-pairs").count("Transpose"), 2)
        self.assertEqual(self.simple("--no-merge-duplicates").count("Mul"), 2)
        self.assertEqual(self.simple("--no-fold-constants").count("Add"), 2)

    def test_a_mismatch_is_status_1_and_writes_nothing(self):
        # Random numbers depend on the node's place: a model that no verification can pass.
        self.model = self.model_of(HEADER + """
            g (float[4] x) => (float[4] y) { i = Identity (x)  r = RandomUniformLike (i)  y = Add (i, r) }""", "random.onnx")
        self.check_error(self.simplify("-qqq"), 1, "is not written", "'y'", "--atol")
        self.assertFalse(os.path.exists(self.path("simple.onnx")))
        self.check(self.simplify("--no-verify"), 0)
        self.check(self.simplify("--atol", "1"), 0)

    def test_values_for_the_run(self):
        self.model = self.model_of(CHAIN.replace("2,3", "n,3"), "open.onnx")
        self.check(self.simplify("--inputs", "x:[5,3]", "--val-range", "[-1,1]", "--seed", "3"), 0)
        self.check_error(self.simplify("--atol", "-1"), 2, "'-1' is no number of 0 or more")

    def test_without_engines(self):
        nowhere = {"POLYGRAPH_BACKEND_PATH": self.path("nowhere")}
        self.check(self.simplify("--no-verify", "--no-fold-constants", environment=nowhere), 0)


if __name__ == "__main__":
    unittest.main()
