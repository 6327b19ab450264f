"""`polygraph run --layer-times`: what layers take, as text, JSON and on the page, whatever way runners are run."""

import json
import os
import pathlib
import re
import unittest

from engines import needs_openvino
from mpirun_test import mpirun, needs_open_mpi
from program import run
from run_html_test import CHROMIUM, browse, data_of
from run_test import needs_onnxruntime
from text_models import CHAIN, HEADER, ModelTest

# Nodes enough for a list that is cut short; `big` is in the body of an If.
LONG = HEADER + """
long (float[300,300] x, bool c) => (float[300,300] y) {
  [abs_0] v0 = Abs (x)
""" + "".join(f"  [abs_{i}] v{i} = Abs (v{i - 1})\n" for i in range(1, 14)) + """
  [choice] y = If (c) <then_branch = yes () => (float[300,300] yes) { [big] yes = MatMul (v13, v13) },
                       else_branch = no () => (float[300,300] no) { [small] no = Neg (v13) }>
}
"""
UNCHANGED = ["--graph-optimization-level", "disabled"]
SILERO = pathlib.Path(os.environ["POLYGRAPH_DEPS"]) / "silero_vad/data/silero_vad.onnx"


def table(text, runner):
    """The layers that are listed: their names."""
    match = re.search(rf"^{runner} \| Layer Times \| .*\n    Layer .*\n((?:    .*\n)*?)    (?:Type |\.\.\.)", text, re.MULTILINE)
    return [line.split()[0] for line in match[1].splitlines()]


@needs_onnxruntime
class LayerTimes(ModelTest):
    def setUp(self):
        super().setUp()
        self.chain = self.model_of(CHAIN, "chain.onnx")

    def report(self, *arguments):
        self.check(run("run", *arguments, "--json", self.path("report.json")), 0)
        return json.loads(self.read("report.json"))

    def times(self, *arguments):
        """The layer times of the only runner."""
        [runner] = self.report(*arguments)["runners"]
        return runner["layer_times"]

    def test_every_node(self):
        times = self.times(self.chain, "--onnxrt", *UNCHANGED, "--layer-times", "--iterations", "4", "--warm-up", "3")
        self.assertEqual(times["inferences"], 4, "the warm-up does not count")
        self.assertEqual(sorted((layer["name"], layer["type"], layer["calls"]) for layer in times["layers"]),
                         [("relu_1", "Relu", 4), ("relu_2", "Relu", 4), ("sigmoid", "Sigmoid", 4)])
        self.assertEqual({layer["ran_by"] for layer in times["layers"]}, {"CPUExecutionProvider"})
        self.assertEqual(sorted((each["type"], each["layers"], each["calls"]) for each in times["types"]),
                         [("Relu", 2, 8), ("Sigmoid", 1, 4)])
        for rows in (times["layers"], times["types"]):
            self.assertAlmostEqual(sum(row["mean_seconds"] for row in rows), times["mean_layer_seconds"])
            self.assertEqual([row["seconds"] for row in rows], sorted((row["seconds"] for row in rows), reverse=True))
        self.assertLessEqual(times["mean_layer_seconds"], times["mean_seconds"])

    def test_not_more_than_the_inference(self):
        if not SILERO.exists():
            self.skipTest("setup/install.sh test fetches the models")
        report = self.report(SILERO, "--onnxrt", "--layer-times", "--iterations", "3", "--input-shapes", "input:[1,512]", "state:[2,1,128]",
                             "--val-range", "sr:[16000,16000]")
        [runner] = report["runners"]
        self.assertLessEqual(runner["layer_times"]["mean_layer_seconds"], runner["layer_times"]["mean_seconds"])
        self.assertLessEqual(runner["layer_times"]["mean_seconds"], runner["mean_seconds"])
        self.assertIn("LSTM", [each["type"] for each in runner["layer_times"]["types"]])

    def test_the_longest(self):
        model = self.model_of(LONG, "long.onnx")
        arguments = (model, "--onnxrt", *UNCHANGED, "--layer-times", "--val-range", "c:[1,1]")
        short = run("run", *arguments, "--json", self.path("report.json"))
        self.check(short, 0, stdout=["onnxrt-runner-N0 | Layer Times | 16 layers took ", "    ... and 6 more layers (-v shows all)\n"])
        layers = json.loads(self.read("report.json"))["runners"][0]["layer_times"]["layers"]
        self.assertEqual(table(short.stdout, "onnxrt-runner-N0"), [layer["name"] for layer in layers[:10]])
        self.assertNotIn("more types", short.stdout)
        everything = table(run("run", *arguments, "-v").stdout, "onnxrt-runner-N0")
        self.assertEqual(sorted(everything), sorted(["big", "choice", *(f"abs_{i}" for i in range(14))]))

    def test_only_if_asked(self):
        self.assertIsNone(self.times(self.chain, "--onnxrt"))
        first, second = self.report(self.chain, "--onnxrt", "--with", "time_layers", "--onnxrt")["runners"]
        self.assertEqual((first["layer_times"]["inferences"], second["layer_times"]), (1, None))
        result = run("run", self.chain, "--onnxrt", "--reference", "--layer-times")
        self.check(result, 0, stdout="onnxrt-runner-N0 | Layer Times", stderr="the reference runner does not measure its layers")
        self.assertNotIn("reference-runner-N0 | Layer Times", result.stdout)

    def test_however_runners_are_run(self):
        for more in (["--sequential-runners"], ["--use-subprocess"], ["--sequential-runners", "--use-subprocess"],
                     ["--onnxrt-inter-op-threads", "2"], ["--onnxrt-profile", self.path("trace")]):
            with self.subTest(more=more):
                report = self.report(self.chain, "--onnxrt", "--onnxrt", *UNCHANGED, "--layer-times", "--iterations", "3", "--warm-up", "2",
                                     *more)
                for runner in report["runners"]:
                    times = runner["layer_times"]
                    self.assertEqual((times["inferences"], len(times["layers"])), (3, 3), runner["name"])
        self.assertEqual(len(list(pathlib.Path(self.folder).glob("trace*.json"))), 2, "the traces that were asked for stay")

    def test_nothing_is_left(self):
        os.mkdir(self.path("temporary"))
        self.check(run("run", self.chain, "--onnxrt", "--layer-times", environment={"TMPDIR": self.path("temporary")}), 0)
        self.assertEqual(os.listdir(self.path("temporary")), [])
        self.check_error(run("run", self.chain, "--onnxrt", "--layer-times", environment={"TMPDIR": self.path("none")}), 3, "TMPDIR")

    @needs_open_mpi
    def test_several_ranks(self):
        for options in (["--layer-times"], ["--onnxrt-time-layers"], ["--with", "time_layers"]):
            result = mpirun(2, "run", self.chain, "--onnxrt", *options)
            self.check(result, 2, stderr="several ranks share the processors")

    def test_the_page(self):
        model = self.model_of(LONG, "long.onnx")
        self.check(run("run", model, "--onnxrt", *UNCHANGED, "--layer-times", "--val-range", "c:[1,1]", "--iterations", "2", "--html",
                       self.path("page.html")), 0)
        [runner] = data_of(self.read("page.html"))["runners"]
        times = runner["layerTimes"]
        self.assertEqual((times["inferences"], times["count"], len(times["layers"])), (2, 16, 16))
        self.assertIn(["Abs", 14, 28], [row[:3] for row in times["types"]])
        if CHROMIUM is None:
            self.skipTest("there is no Chromium")
        document, console = browse(self.path("page.html"))
        self.assertEqual(console, [])
        [panel] = re.findall(r'<section class="panel layers">.*?</section>', document, re.DOTALL)
        self.assertIn("Layers of onnxrt-runner-N0", panel)
        self.assertIn("16 layers, 2 inferences", panel)
        self.assertEqual(len(re.findall(r"<td[^>]*>CPUExecutionProvider</td>", panel)), 16)
        self.assertIn('<th scope="col" class="right">Share</th>', panel.replace('class="right" scope="col"', 'scope="col" class="right"'))

    @needs_openvino
    def test_openvino(self):
        arguments = (self.chain, "--openvino", "--fp32", "--layer-times", "--input-shapes", "x:[2,3]", "--iterations", "20", "--warm-up", "5")
        times = self.times(*arguments)
        self.assertEqual(times["inferences"], 20)
        self.check(run("run", *arguments), 0, stdout="openvino-runner-N0 | Layer Times | ")
        # A saved engine has to be built for it.
        plain, measured = self.path("plain.engine"), self.path("measured.engine")
        self.check(run("convert", self.chain, "-o", plain), 0)
        self.check(run("convert", self.chain, "-o", measured, "--profiling"), 0)
        self.check_error(run("run", plain, "--openvino", "--layer-times"), 2, "plain.engine", "--profiling")
        self.assertEqual(self.times(measured, "--openvino", "--layer-times")["inferences"], 1)


if __name__ == "__main__":
    unittest.main()
