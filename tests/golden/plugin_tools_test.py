"""`polygraph plugin`: patterns as text and as a library, config.yaml, and what replacing makes of a model."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

from program import run
from text_models import HEADER, ModelTest

ROOT = pathlib.Path(__file__).resolve().parents[2]

MODEL = HEADER + """
g (float[2] x) => (float[2] y) {
  [l1] a = LeakyRelu <alpha = 0.5> (x)
  [e1] b = Exp (a)
  [s1] c = Add (b, a)
  [n] d = Neg (c)
  [l2] e = LeakyRelu <alpha = 0.25> (d)
  [e2] f = Exp (e)
  [s2] y = Add (e, f)
}
"""

PATTERN = """<ir_version: 10, opset_import: ["" : 21], metadata_props: ["name": "toy", "op": "Toy", "attributes.fixed": "3"]>
toy (p) => (s) {
  q = LeakyRelu <alpha: float = @slope> (p)
  r = Exp (q)
  s = Add (q, r)
}
"""

CONFIG = """name: toy
op: Toy
instances:
- inputs:
  - x
  outputs:
  - c
  attributes:
    fixed: 3
    slope: 0.5
- inputs:
  - d
  outputs:
  - y
  attributes:
    fixed: 3
    slope: 0.25
"""

LIBRARY = """
#include <polygraph/onnx/plugin.h>

using namespace polygraph::onnx;

struct Negations : Plugin {
  std::string_view name() const override { return "negations"; }
  std::string_view op() const override { return "FastNeg"; }
  std::string_view domain() const override { return "fast"; }
  std::vector<PluginInstance> find(const GraphEditor& editor) const override {
    std::vector<PluginInstance> found;
    for (const NodeId id : editor.find({.op_type = "Neg"}))
      found.push_back({.inputs = {std::string(editor.node(id).inputs[0])},
                       .outputs = {std::string(editor.node(id).outputs[0])},
                       .attributes = {{"sizes", std::vector<std::int64_t>{1, 2}}, {"mode", "quick"}}});
    return found;
  }
};
POLYGRAPH_PLUGIN(Negations)
"""


class Plugins(ModelTest):
    def setUp(self):
        super().setUp()
        self.model = self.model_of(MODEL)
        os.makedirs(self.path("plugins/toy"))
        self.write("plugins/toy/pattern.onnxtxt", PATTERN.encode())

    def plugin(self, tool, *options):
        return run("plugin", tool, self.model, "--plugin-dir", self.path("plugins"), *options)

    def test_list(self):
        result = self.plugin("list")
        self.check(result, 0, stderr="")
        self.assertEqual(result.stdout, "toy: 2 matches\n")
        self.assertEqual(json.loads(self.plugin("list", "--json").stdout),
                         {"plugins": [{"name": "toy", "op": "Toy", "matches": 2}]})
        self.assertFalse(os.path.exists(self.path("config.yaml")))

    def test_match_writes_what_polygraphy_writes(self):
        self.check(self.plugin("match"), 0, stdout="toy: 2 matches\nSaved to ", stderr="")
        self.assertEqual(self.read("config.yaml"), CONFIG)
        self.check(self.plugin("match", "-o", self.path("other.yaml")), 0)
        self.assertEqual(self.read("other.yaml"), CONFIG)
        self.check_error(self.plugin("match", "-o", self.model), 2, "is the model itself")

    def test_replace(self):
        self.check(self.plugin("match"), 0)
        self.check(self.plugin("replace"), 0, stdout="toy: 2 of 2 instances replaced\n", stderr="")
        self.assertEqual(self.nodes(self.path("replaced.onnx")), ["Toy(x) -> c", "Neg(c) -> d", "Toy(d) -> y"])
        attributes = self.inspect(self.path("replaced.onnx"))["nodes"][2]["attributes"]
        self.assertEqual([(a["name"], a["value"]) for a in attributes], [("fixed", 3), ("slope", 0.25)])

    def test_replace_what_is_left_in_the_file(self):
        # As users edit it: other quotes, lists in one line, comments; the second instance is gone.
        self.write("mine.yaml", b"# mine\nname: 'toy'   # the plugin\nop: \"Toy\"\ninstances:\n  - inputs: [x]\n"
                                b"    outputs: ['c']\n    attributes: {level: 2, names: [a, b], deep: 1.5}\n")
        self.check(self.plugin("replace", "--config", self.path("mine.yaml"), "-o", self.path("out.onnx")), 0)
        self.assertEqual(self.nodes(self.path("out.onnx"))[0], "Toy(x) -> c")
        self.assertEqual(len(self.nodes(self.path("out.onnx"))), 5)
        attributes = self.inspect(self.path("out.onnx"))["nodes"][0]["attributes"]
        self.assertEqual([(a["name"], a["type"], a["value"]) for a in attributes],
                         [("level", "int", 2), ("names", "strings", ["a", "b"]), ("deep", "float", 1.5)])

    def test_instances_that_are_not_there_are_named(self):
        self.write("config.yaml", CONFIG.replace("- c\n", "- gone\n").encode())
        self.check(self.plugin("replace"), 0, stdout="toy: 1 of 2 instances replaced", stderr="'gone'")

    def test_bad_files(self):
        for text, *parts in (("name: toy\n", "no op"), ("- a\n", "not a map"), ("name: toy\nop: Toy\nname: b\n", "line 3", "twice"),
                             ("--- {name: toy, op: Toy}\n", "line 1", "'---'"), ("{name: toy, op: Toy, op: B}\n", "line 1", "'op'", "twice"),
                             ("name: toy\nop: *x\n", "line 2"), ("name: toy\nop: Toy\ninstances: 3\n", "line 3", "not a list"),
                             ("name: toy\nop: Toy\ninstances:\n- inputs: [x\n", "line 4", "']'"),
                             ("name: other\nop: Toy\n", "no plugin 'other'"), ("name: 'toy\n", "closing quote")):
            with self.subTest(text=text):
                self.write("config.yaml", text.encode())
                self.check_error(self.plugin("replace"), 3, *parts)
        self.write("plugins/toy/pattern.onnxtxt", PATTERN.replace('"op": "Toy", ', "").encode())
        self.check_error(self.plugin("list"), 3, "pattern.onnxtxt", "which operator")
        self.write("plugins/toy/pattern.onnxtxt", b"no pattern")
        self.check_error(self.plugin("list"), 3, "pattern.onnxtxt")

    def test_choosing_plugins(self):
        shutil.copytree(self.path("plugins/toy"), self.path("plugins/toy2"))
        self.assertEqual(self.plugin("list", "--include", "toy2").stdout, "toy: 2 matches\n")
        self.assertEqual(self.plugin("list").stdout, "toy: 2 matches\n" * 2)
        self.check_error(self.plugin("list", "--include", "toi"), 3, "'toi'", "Did you mean 'toy'?")
        self.check_error(self.plugin("list", "--exclude", "toy", "toy2"), 3, "no plugin in")
        self.check_error(self.plugin("list", "--exclude", "toy", "--include", "toy2"), 2, "do not go together")
        self.check_error(run("plugin", "list", self.model, "--plugin-dir", self.path("none")), 3, "none")

    @unittest.skipUnless(shutil.which("c++"), "needs a compiler")
    def test_a_library(self):
        os.makedirs(self.path("plugins/negations"))
        self.write("negations.cpp", LIBRARY.encode())
        subprocess.run(["c++", "-std=c++20", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror",
                        f"-I{ROOT / 'include'}", self.path("negations.cpp"), "-o", self.path("plugins/negations/negations.so")],
                       check=True)
        self.check(self.plugin("match", "--include", "negations"), 0, stdout="negations: 1 match\n")
        self.check(self.plugin("replace", "--include", "negations"), 0, stdout="negations: 1 of 1 instance replaced\n")
        self.assertIn("FastNeg(c) -> d", self.nodes(self.path("replaced.onnx")))
        self.assertEqual(self.inspect(self.path("replaced.onnx"))["opsets"], {"ai.onnx": 21, "fast": 1})
        self.write("plugins/negations/negations.so", b"no library")
        self.check_error(self.plugin("list"), 3, "negations.so")


if __name__ == "__main__":
    unittest.main()
