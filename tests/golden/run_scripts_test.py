"""Functions of one's own for `polygraph run`: scripts that are compiled on the spot."""

import pathlib
import subprocess
import tempfile
import unittest

from program import PROGRAM, run
from run_test import needs_onnxruntime
from text_models import CHAIN, ModelTest

SCRIPT = """
#include <polygraph/compare/script.h>
using namespace polygraph;

std::optional<FeedDict> load_data(std::int64_t iteration, const TensorMetadata& inputs) {
  if (iteration == 3) return std::nullopt;
  return FeedDict{{inputs[0].name, Tensor::full(Shape{2, 3}, float(iteration))}};
}
POLYGRAPH_SCRIPT(load_data)

std::optional<FeedDict> nothing(std::int64_t, const TensorMetadata&) { return std::nullopt; }
POLYGRAPH_SCRIPT(nothing)

std::optional<FeedDict> wrong(std::int64_t, const TensorMetadata&) {
  return FeedDict{{"image", Tensor::full(Shape{2, 3}, 0.0f)}};
}
POLYGRAPH_SCRIPT(wrong)

std::optional<FeedDict> throws(std::int64_t, const TensorMetadata&) { throw std::runtime_error("the disk is full"); }
POLYGRAPH_SCRIPT(throws)

compare::OutputResults compare_outputs(const compare::IterationResult&, const compare::IterationResult&) {
  return {{"y", false}};
}
POLYGRAPH_SCRIPT(compare_outputs)

compare::IterationResult postprocess_outputs(compare::IterationResult result) {
  result.outputs.set("z", Tensor::full(Shape{}, 7.0f));
  return result;
}
POLYGRAPH_SCRIPT(postprocess_outputs)
"""


@needs_onnxruntime
class RunScripts(ModelTest):
    @classmethod
    def setUpClass(cls):
        """Most tests take the library, which is compiled once."""
        super().setUpClass()
        cls.scripts = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scripts.cleanup)
        cls.source = pathlib.Path(cls.scripts.name) / "mine.cpp"
        cls.source.write_text(SCRIPT)
        cls.script = cls.source.with_suffix(".so")
        include = pathlib.Path(__file__).resolve().parents[2] / "include"
        library = pathlib.Path(PROGRAM).resolve().parent.parent / "lib" / "libpolygraph.so"
        subprocess.run(["c++", "-std=c++20", "-fPIC", "-shared", f"-I{include}", cls.source, library, "-o", cls.script], check=True)

    def setUp(self):
        super().setUp()
        self.chain = self.model_of(CHAIN, "chain.onnx")

    def test_inputs_outputs_and_comparison(self):
        result = run("run", self.chain, "--onnxrt", "--onnxrt", "--data-loader-script", self.script,
                     "--postprocess-func-script", self.script)
        self.check(result, 0, stdout=["Completed 3 iteration(s)", "PASSED | simple | All outputs matched | Outputs: ['y', 'z']"])

    def test_a_comparison_that_fails_beside_one_that_passes(self):
        result = run("run", self.chain, "--onnxrt", "--onnxrt", "--compare", "simple", "--compare-func-script", self.script)
        self.check(result, 1, stdout=["PASSED | simple | All outputs matched",
                                      "    FAILED | compare_outputs | Mismatched outputs: ['y']"])

    def test_what_a_script_does_wrong(self):
        def fails(name, *texts):
            result = run("run", self.chain, "--onnxrt", "--data-loader-script", f"{self.script}:{name}")
            self.check(result, 3 if name != "throws" else result.returncode, stderr=texts)
            self.assertNotEqual(result.returncode, 0)

        fails("nothing", "Nothing was run: there are no inputs.")
        fails("wrong", "wrong", "image", "x")
        fails("throws", "the disk is full")

    def test_two_places_for_inputs(self):
        result = run("run", self.chain, "--onnxrt", "--data-loader-script", self.script, "--load-inputs", "a.json")
        self.check(result, 2, stderr=["--data-loader-script and --load-inputs do not go together."])

    def test_options_that_have_no_effect_are_told(self):
        result = run("run", self.chain, "--onnxrt", "--iterations", "2", "--data-loader-script", self.script)
        self.check(result, 0, stdout=["Completed 3 iteration(s)"], stderr=["--iterations has no effect"])

    def test_a_library_made_elsewhere_is_a_script_too(self):
        nothing = self.source.with_name("nothing.so")
        nothing.write_text("no library")
        result = run("run", self.chain, "--onnxrt", "--data-loader-script", nothing)
        self.check(result, 3, stderr=["Cannot load the script"])

    def test_without_a_compiler(self):
        result = run("run", self.chain, "--onnxrt", "--data-loader-script", self.source, environment={"CXX": "no-such-compiler"})
        self.check(result, 4, stderr=["there is no compiler (no-such-compiler)", "name the .so"])

    def test_templates_run(self):
        folder = self.source.parent
        for kind in ("data-loader", "compare-func", "postprocess-func"):
            self.check(run("template", kind, "-o", folder / f"{kind}.cpp"), 0)
            self.check(run("template", kind, "-o", folder / f"{kind}.cpp"), 3, stderr=["exists already"])
        result = run("run", self.chain, "--onnxrt", "--onnxrt", "--data-loader-script", folder / "data-loader.cpp",
                     "--compare-func-script", folder / "compare-func.cpp",
                     "--postprocess-func-script", folder / "postprocess-func.cpp")
        self.check(result, 0, stdout=["Completed 3 iteration(s)", "PASSED | compare_outputs | All outputs matched | Outputs: ['y']"])


if __name__ == "__main__":
    unittest.main()
