"""`polygraph diff`: what it prints, its JSON and its exit status."""

import json
import unittest

from program import run
from text_models import CHAIN, ModelTest


class DiffModels(ModelTest):
    def setUp(self):
        super().setUp()
        self.before = self.model_of(CHAIN, "before.onnx")

    def after(self, *changes):
        text = CHAIN
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        return self.model_of(text, "after.onnx")

    def test_equal(self):
        result = run("diff", self.before, self.after())
        self.check(result, 0, stderr="")
        self.assertEqual(result.stdout, "Equal\n3 nodes matched | 0 weights compared (0 bytes)\n")

    def test_another_operator(self):
        result = run("diff", self.before, self.after(("Sigmoid (a)", "Tanh (a)")))
        self.check(result, 1, stderr="", stdout=["Different: node 1 changed\n", "---- Nodes: 1 changed ----\n",
                                                 "~ 'sigmoid' [Op: Sigmoid] | op_type: Sigmoid -> Tanh\n"])

    def test_renamed(self):
        after = self.after(("relu_1", "first"), ("] a = Relu", "] h = Relu"), ("Sigmoid (a)", "Sigmoid (h)"),
                           ("float[2,3] a,", "float[2,3] h,"))
        self.check(run("diff", self.before, after), 1, stdout=["= 'relu_1' -> 'first' [Op: Relu]\n", "= 'a' -> 'h'\n"])
        self.check(run("diff", self.before, after, "--ignore", "names"), 0, stdout="Equal\n")

    def test_json(self):
        after = self.after(("Sigmoid (a)", "Tanh (a)"))
        for arguments in (["--json"], ["--json", "-"]):
            result = run("diff", self.before, after, *arguments)
            self.check(result, 1, stderr="")
            found = json.loads(result.stdout)
            self.assertIs(found["equal"], False)
            self.assertEqual(found["summary"], {"node": {"changed": 1}})
            self.assertEqual(found["differences"], [
                {"subject": "node", "kind": "changed", "place": "", "name": "sigmoid", "op_type": "Sigmoid",
                 "changes": [{"field": "op_type", "before": "Sigmoid", "after": "Tanh"}]}])
        self.check(run("diff", self.before, after, "--json", self.path("diff.json")), 1, stdout="Different")
        self.assertEqual(json.loads(self.read("diff.json")), found)

    def test_limit(self):
        after = self.after(("[relu_1]", "[a1]"), ("[sigmoid]", "[a2]"), ("[relu_2]", "[a3]"))
        self.check(run("diff", self.before, after, "--limit", "1"), 1, stdout="... and 2 more (--limit 0 shows all)\n")
        self.assertNotIn("more", run("diff", self.before, after, "--limit", "0").stdout)
        self.check_error(run("diff", self.before, after, "--limit", "few"), 2, "--limit", "'few'")

    def test_bad_arguments(self):
        self.check_error(run("diff", self.before, self.path("missing.onnx")), 3, "missing.onnx")
        self.check_error(run("diff", self.before, self.after(), "--json", self.before), 2, "is one of the models")
        self.check_error(run("diff", self.before), 2, "SECOND_MODEL")


if __name__ == "__main__":
    unittest.main()
