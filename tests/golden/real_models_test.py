"""Every tool for ONNX models on models that people use: those in the wheels of magika, silero-vad and rapidocr."""

import json
import os
import pathlib
import tempfile
import unittest

import engines
from program import run

DEPS = pathlib.Path(os.environ["POLYGRAPH_DEPS"])
MODELS = sorted(path for name in ("magika", "silero_vad", "rapidocr_onnxruntime") for path in (DEPS / name).rglob("*.onnx"))


class RealModelsTest(unittest.TestCase):
    def each(self):
        """Every model, with a folder that is gone afterwards."""
        for model in MODELS:
            with self.subTest(model=model.name), tempfile.TemporaryDirectory() as folder:
                yield model, pathlib.Path(folder)

    def succeed(self, *arguments, status=0):
        result = run(*arguments)
        self.assertEqual(result.returncode, status, f"{' '.join(map(str, arguments))}\n{result.stdout[-2000:]}{result.stderr}")
        return result.stdout

    def nodes(self, model):
        return json.loads(self.succeed("inspect", "model", model, "--json"))["nodes"]

    def test_there_are_models(self):
        if (DEPS / "silero_vad").exists():
            self.assertEqual(len(MODELS), 10)
        else:
            self.skipTest("setup/install.sh test fetches them")

    def test_inspect(self):
        for model, folder in self.each():
            self.assertIn("Graph Input(s)", self.succeed("inspect", "model", model, "--show", "layers", "attrs", "weights"))
            self.succeed("inspect", "model", model, "--stats", "--list-unbounded-dds")
            self.succeed("inspect", "sparsity", model)
            self.succeed("inspect", "model", model, "--html", folder / "model.html")
            self.assertGreater((folder / "model.html").stat().st_size, 10_000)

    def test_lint(self):
        for model, folder in self.each():
            self.succeed("check", "lint", model, "-o", folder / "lint.json")
            self.assertEqual(json.loads((folder / "lint.json").read_text())["summary"]["failing"], [])

    def test_a_copy_is_the_same(self):
        for model, folder in self.each():
            self.succeed("convert", model, "-o", folder / "copy.onnx")
            self.succeed("diff", model, folder / "copy.onnx")
            self.succeed("convert", model, "-o", folder / "external.onnx", "--save-external-data")
            self.succeed("diff", model, folder / "external.onnx")

    def test_extract(self):
        for model, folder in self.each():
            nodes = self.nodes(model)
            value = next(output for output in nodes[len(nodes) // 2]["outputs"] if output)
            self.succeed("surgeon", "extract", model, "--outputs", f"{value}:auto:auto", "-o", folder / "part.onnx")
            self.assertLess(len(self.nodes(folder / "part.onnx")), len(nodes))

    @engines.needs_openvino
    def test_fold_and_simplify(self):
        for model, folder in self.each():
            self.succeed("surgeon", "sanitize", model, "--cleanup", "--toposort", "--fold-constants", "-o", folder / "folded.onnx")
            self.assertLessEqual(len(self.nodes(folder / "folded.onnx")), len(self.nodes(model)))
            self.assertIn("Verified", self.succeed("surgeon", "simplify", model, "-o", folder / "simple.onnx"))
            self.assertLessEqual(len(self.nodes(folder / "simple.onnx")), len(self.nodes(folder / "folded.onnx")))

    def test_other_precisions(self):
        for model, folder in self.each():
            if model.name == "silero_vad_half.onnx":
                continue  # float16 as it is
            self.succeed("convert", model, "-o", folder / "half.onnx", "--fp-to-fp16")
            self.succeed("check", "lint", folder / "half.onnx")
            self.assertLess((folder / "half.onnx").stat().st_size, 0.75 * model.stat().st_size)

    def test_weights(self):
        for model, folder in self.each():
            self.succeed("surgeon", "weight-strip", model, "-o", folder / "stripped.onnx")
            self.assertLess((folder / "stripped.onnx").stat().st_size, 0.7 * model.stat().st_size)
            self.succeed("surgeon", "weight-reconstruct", folder / "stripped.onnx", "-o", folder / "proxy.onnx")
            self.succeed("check", "lint", folder / "proxy.onnx", "--static")
            self.succeed("surgeon", "prune", model, "-o", folder / "pruned.onnx")


if __name__ == "__main__":
    unittest.main()
