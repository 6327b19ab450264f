"""`polygraph template onnx-gs`: the program it writes compiles and runs, and so does every edit in its comments."""

import os
import pathlib
import re
import subprocess
import unittest

from program import PROGRAM, run
from text_models import CHAIN, HEADER, ModelTest

INCLUDE = pathlib.Path(__file__).parents[2] / "include"
LIBRARIES = pathlib.Path(PROGRAM).resolve().parents[1] / "lib"
COMPILER = os.environ.get("CXX", "c++")
NAMES_TO_TRY = HEADER + """
g (float[n,2] "in put\\"\\\\") => (float[n,2] y) <float[1] w = {1}> {
  ["*?[]"] a = Add ("in put\\"\\\\", w)
  [soft] s = Softmax <axis = 0> (a)
  [copy] y = Identity (s)
}
"""


class TemplateTest(ModelTest):
    def write_template(self, *options, model=None):
        self.source = self.path("edit_model.cpp")
        self.check(run("template", "onnx-gs", model or self.model, "-o", self.source, *options), 0, stdout="")
        return self.read("edit_model.cpp")

    def compile(self):
        command = [COMPILER, "-std=c++20", "-Wall", "-Wextra", "-Werror", f"-I{INCLUDE}", self.source, f"-L{LIBRARIES}",
                   "-lpolygraph", f"-Wl,-rpath,{LIBRARIES}", "-o", self.path("edit_model")]
        if "-fsanitize" in os.environ.get("POLYGRAPH_FLAGS", ""):
            command.append(os.environ["POLYGRAPH_FLAGS"])
        result = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)

    def run_program(self, *arguments):
        return subprocess.run([self.path("edit_model"), *arguments], capture_output=True, text=True, cwd=self.folder, timeout=60)

    def test_compiles_and_runs(self):
        self.model = self.model_of(CHAIN)
        text = self.write_template()
        self.assertIn('"x": float32 [2, 3]', text)
        self.assertIn('2 of "Relu"', text)
        self.compile()
        result = self.run_program()
        self.check(result, 0, stdout=["relu_1", "Saved \"model_updated.onnx\""], stderr="")
        self.assertEqual(self.nodes(self.path("model_updated.onnx")), self.nodes(self.model))
        result = self.run_program(self.model, self.path("other.onnx"))
        self.check(result, 0)
        self.assertTrue(os.path.exists(self.path("other.onnx")))
        self.check(self.run_program("none.onnx"), 3, stderr="none.onnx")

    def test_every_edit_in_the_comments_works(self):
        self.model = self.model_of(NAMES_TO_TRY)
        text = self.write_template()
        code = re.sub(r"^  //   ", "  ", text, flags=re.MULTILINE)
        self.assertGreater(sum(a != b for a, b in zip(text.splitlines(), code.splitlines())), 10)
        self.write("edit_model.cpp", code.encode())
        self.compile()
        self.check(self.run_program(), 0, stdout="Saved", stderr="")
        soft = [node for node in self.inspect(self.path("model_updated.onnx"))["nodes"] if node["op_type"] == "Softmax"][0]
        self.assertEqual(soft["attributes"][0]["value"], -1)

    def test_options_become_code(self):
        self.model = self.model_of(CHAIN)
        self.assertIn('modify_outputs(model, {.outputs = {"a", "b"}, .exclude = {"a"}})',
                      self.write_template("--onnx-outputs", "a", "b", "--onnx-exclude-outputs", "a", "--shape-inference"))
        self.compile()
        self.check(self.run_program(), 0)
        self.assertEqual(self.names(self.inspect(self.path("model_updated.onnx"))["outputs"]), ["b"])

    def test_refusals(self):
        self.check_error(run("template", "onnx-gs", self.model, "-o", self.path("edit.py")), 2, "'.cpp'")
        self.check_error(run("template", "onnx-gs", self.path("none.onnx"), "-o", self.path("edit.cpp")), 3, "none.onnx")
        self.assertFalse(os.path.exists(self.path("edit.cpp")))


if __name__ == "__main__":
    unittest.main()
