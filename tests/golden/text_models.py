"""Models written in ONNX's text form, and what tests ask of models that the program has written."""

import json

from program import ProgramTest, run

HEADER = '<ir_version: 10, opset_import: ["" : 21]>\n'

# x -> Relu -> a -> Sigmoid -> b -> Relu -> y, with shapes of all values.
CHAIN = HEADER + """
chain (float[2,3] x) => (float[2,3] y) <float[2,3] a, float[2,3] b> {
  [relu_1] a = Relu (x)
  [sigmoid] b = Sigmoid (a)
  [relu_2] y = Relu (b)
}
"""

# Two inputs that meet.
MEETING = HEADER + """
meeting (float[2] p, float[2] q) => (float[2] y) <float[2] a, float[2] b, float[2] s> {
  [left] a = Relu (p)
  [right] b = Sigmoid (q)
  [sum] s = Add (a, b)
  [end] y = Relu (s)
}
"""


class ModelTest(ProgramTest):
    """A test that makes models of texts and looks at models by `inspect model --json`."""

    def model_of(self, text, name="model.onnx"):
        self.write(name + "txt", text.encode())
        self.check(run("convert", self.path(name + "txt"), "-o", self.path(name), "--no-check"), 0)
        return self.path(name)

    def text_of(self, path):
        """The model in the text form."""
        self.check(run("convert", path, "-o", self.path("shown.onnxtxt"), "--no-check"), 0)
        return self.read("shown.onnxtxt")

    def inspect(self, path):
        result = run("inspect", "model", path, "--json", "--show", "layers", "attrs", "weights")
        self.check(result, 0, stderr="")
        return json.loads(result.stdout)

    def nodes(self, path):
        """Each node as its operator, inputs and outputs: `Add(a, b) -> y`."""
        return [f"{node['op_type']}({', '.join(node['inputs'])}) -> {', '.join(node['outputs'])}"
                for node in self.inspect(path)["nodes"]]

    def names(self, values):
        return [value["name"] for value in values]
