"""`polygraph run` and `polygraph check accuracy`: verdicts, what is saved and loaded, reports, wrong usage."""

import json
import os
import pathlib
import unittest
import xml.etree.ElementTree as xml

import engines
from program import run
from text_models import CHAIN, HEADER, ModelTest

# The Log of a negative number is not a number.
LOG = HEADER + "g (float[4] x) => (float[4] y, float[4] z) { y = Log (x)  z = Neg (x) }"
OPEN = HEADER + "g (float[n,3] x) => (float[n,3] y) { y = Sigmoid (x) }"


def needs_onnxruntime(test):
    folder = pathlib.Path(os.environ.get("POLYGRAPH_TEST_ONNXRUNTIME") or "/nowhere")
    return unittest.skipUnless(folder.exists(), "ONNX Runtime is not installed")(test)


@needs_onnxruntime
class Run(ModelTest):
    def setUp(self):
        super().setUp()
        self.chain = self.model_of(CHAIN, "chain.onnx")

    def report(self, *arguments, status=0):
        result = run("run", *arguments, "--json")
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return json.loads(result.stdout)

    def test_two_runners(self):
        result = run("run", self.chain, "--onnxrt", "--onnxrt")
        self.check(result, 0, stdout=[
            "---- Inference Input(s) ----\n{x [dtype=float32, shape=(2, 3)]}\n",
            "onnxrt-runner-N0\n---- Inference Output(s) ----\n{y [dtype=float32, shape=(2, 3)]}\n",
            "Accuracy Comparison | onnxrt-runner-N0 vs. onnxrt-runner-N1\nIteration: 0\n",
            "    simple | Comparing Output: 'y' (dtype=float32, shape=(2, 3)) with 'y' (dtype=float32, shape=(2, 3))\n",
            "        Tolerance: [abs=1e-05, rel=1e-05] | Checking elemwise error\n",
            "            Minimum Required Tolerance: elemwise error | [abs=0] OR [rel=0]",
            "        PASSED | Output: 'y' | Difference is within tolerance (rel=1e-05, abs=1e-05)\n",
            "    PASSED | simple | All outputs matched | Outputs: ['y']\n",
            "    onnxrt-runner-N1: y | Stats: mean=",
            "Accuracy Summary | onnxrt-runner-N0 vs. onnxrt-runner-N1 | Passed: 1/1 iterations | Pass Rate: 100.00%\n",
            f"s | Command: polygraph run {self.chain} --onnxrt --onnxrt\n"])
        self.assertTrue(result.stdout.splitlines()[-1].startswith("PASSED | Runtime: "))

    def test_one_runner_alone(self):
        result = run("run", self.chain, "--onnxrt")
        self.check(result, 0, stdout=["onnxrt-runner-N0 | Completed 1 iteration(s) in ", "PASSED | Runtime: "])
        self.assertNotIn("Accuracy", result.stdout)

    def test_wrong_usage(self):
        self.check_error(run("run", self.chain), 2, "There is nothing to run", "--onnxrt")
        self.check_error(run("run", "--onnxrt"), 2, "--onnxrt needs a model")
        self.check_error(run("run", self.path("missing.onnx"), "--onnxrt"), 3, "missing.onnx")
        self.check_error(run("run", self.chain, "--trt"), 4, "TensorRT")
        self.check_error(run("run", self.chain, "--onnxrt", "--providers", "nonsense"), 2, "nonsense")
        self.check_error(run("run", self.chain, "--onnxrt", "--with", "nonsense=1"), 2, "nonsense")
        self.check_error(run("run", self.chain, "--reference", "--with", "thread=1"), 2, "Did you mean 'threads'?")
        for arguments in (("--iterations", "0"), ("--with", "fp16"), ("--postprocess", "top5"), ("--postprocess", "top-x"),
                          ("--compare", "simple2"), ("--atol", "small"), ("--subprocess-timeout", "0")):
            result = run("run", self.chain, *arguments, "--onnxrt", "--onnxrt")
            self.assertEqual(result.returncode, 2, arguments)
            self.assertIn(arguments[0], result.stderr)
        self.check_error(run("run", self.chain, "--onnxrt", "--save-inputs", self.path("a.json"), "--save-outputs", self.path("a.json")),
                         2, "name the same place")
        self.check_error(run("run", self.chain, "--onnxrt", "--onnxrt", "--compare", "indices", "--check-average"), 2, "yes or no")
        self.check_error(run("run", self.chain, "--onnxrt", "--onnxrt", "--check-average"), 2, "--check-error-stat")

    def test_the_model_is_not_overwritten(self):
        for option in ("--json", "--junit", "--save-inputs", "--save-outputs", "--save-accuracy-results"):
            result = run("run", self.chain, "--reference", "--iterations", "1", option, self.chain)
            self.check_error(result, 2, f"{option}: '{self.chain}' is the model itself.")

    def test_saved_outputs(self):
        for name in ("outputs.json", "outputs.npz", "outputs"):
            with self.subTest(name=name):
                saved = self.path(name)
                self.check(run("run", self.chain, "--onnxrt", "--iterations", "3", "--save-outputs", saved), 0)
                result = run("run", self.chain, "--onnxrt", "--iterations", "3", "--load-outputs", saved)
                self.check(result, 0, stdout="onnxrt-runner-N0 vs. onnxrt-runner-N0 (loaded) | Passed: 3/3 iterations")
                # Other inputs, other outputs.
                other = run("run", self.chain, "--onnxrt", "--iterations", "3", "--load-outputs", saved, "--seed", "7")
                self.check(other, 1, stdout=["Passed: 0/3 iterations | Pass Rate: 0.00%", "failed in 3 of 3 iterations", "FAILED | Runtime"])
                for count, words in (("2", "are more than the 2 iteration(s)"), ("4", "are 3 iteration(s), and more were run")):
                    self.check(run("run", self.chain, "--onnxrt", "--iterations", count, "--load-outputs", saved), 3, stderr=words)

    def test_saved_outputs_alone(self):
        for seed in ("1", "2"):
            self.check(run("run", self.chain, "--onnxrt", "--onnxrt", "--seed", seed, "--save-outputs", self.path(seed + ".json")), 0)
        self.check(run("run", "--load-outputs", self.path("1.json")), 0, stdout="Passed: 1/1 iterations")
        self.check(run("run", "--load-outputs", self.path("1.json"), self.path("2.json")), 1, stdout="Passed: 0/1 iterations")
        self.check(run("run", "--load-outputs", self.path("none.json")), 3, stderr="none.json")

    def test_saved_inputs(self):
        inputs = self.path("inputs.json")
        made = self.report(self.chain, "--onnxrt", "--seed", "5", "--iterations", "2", "--save-inputs", inputs,
                           "--save-outputs", self.path("made.npz"), "--save-input-blob", self.path("raw"))
        self.assertEqual(made["iterations"], 2)
        self.check(run("run", self.chain, "--onnxrt", "--load-inputs", inputs, "--load-outputs", self.path("made.npz")), 0,
                   stdout="Passed: 2/2 iterations")
        raw = self.read_bytes("raw/0000000001/x.bin")
        self.assertEqual(len(raw), 24)
        self.check(run("run", self.chain, "--onnxrt", "--load-inputs", self.path("raw"), "--load-outputs", self.path("made.npz")), 0,
                   stdout="Passed: 2/2 iterations")
        self.check_error(run("run", self.chain, "--onnxrt", "--load-inputs", inputs, "--save-inputs", inputs), 2, "read and written")

    def test_tolerances(self):
        log = self.model_of(LOG, "log.onnx")
        other = self.model_of(LOG.replace("Neg (x)", "Identity (x)"), "other.onnx")
        self.check(run("run", other, "--onnxrt", "--save-outputs", self.path("other.json")), 0)
        compare = ("run", log, "--onnxrt", "--load-outputs", self.path("other.json"))
        result = run(*compare)
        self.check(result, 1, stdout=["PASSED | Output: 'y' | Difference is within tolerance",
                                      "FAILED | Output: 'z' | Difference exceeds tolerance (rel=1e-05, abs=1e-05)",
                                      "FAILED | simple | Mismatched outputs: ['z']", "Worst elements:"])
        self.check(run(*compare, "--atol", "z:2"), 0)
        self.check(run(*compare, "--atol", "y:2"), 1)
        self.check(run(*compare, "--compare", "cosine_similarity"), 1, stdout="Cosine Similarity: -1")
        self.check(run(*compare, "--compare", "cosine_similarity", "--cosine-similarity-threshold", "z:-1"), 0)
        self.check(run(*compare, "--fail-fast"), 1)

    def test_every_function(self):
        for function in ("simple", "l2", "cosine_similarity", "psnr", "snr", "ulp", "relative_l2", "histogram_overlap",
                         "top_k_agreement", "kl_divergence", "distance_metrics", "quality_metrics"):
            with self.subTest(function=function):
                report = self.report(self.chain, "--onnxrt", "--onnxrt", "--compare", function)
                self.assertEqual(len(report["comparisons"][0]["functions"]), 2 if "metrics" in function else 1)
        top = self.report(self.chain, "--onnxrt", "--onnxrt", "--postprocess", "top-2", "--compare", "indices")
        self.assertTrue(top["passed"])
        self.check(run("run", self.chain, "--onnxrt", "--onnxrt", "--compare", "l2", "--atol", "1"), 0, stderr="no effect")

    def test_validation(self):
        log = self.model_of(LOG, "log.onnx")
        self.check(run("run", log, "--onnxrt", "--validate"), 0, stdout="PASSED | Output Validation")
        result = run("run", log, "--onnxrt", "--validate", "--val-range", "[-2,-1]", "--iterations", "2")
        self.check(result, 1, stdout="FAILED | Output Validation | onnxrt-runner-N0 | NaN Detected | Output: 'y' has 4 of 4")
        # NaN is not NaN, unless that is asked for.
        self.check(run("run", log, "--onnxrt", "--onnxrt", "--val-range", "[-2,-1]"), 1, stdout="FAILED | Output: 'y'")
        self.check(run("run", log, "--onnxrt", "--onnxrt", "--val-range", "[-2,-1]", "--nans-compare-equal"), 0)

    def test_reference(self):
        report = self.report(self.chain, "--reference", "--onnxrt")
        self.assertEqual(report["comparisons"][0]["runners"], ["reference-runner-N0", "onnxrt-runner-N0"])
        self.assertGreater(report["comparisons"][0]["functions"][0]["outputs"][0]["worst"]["max_absdiff"], -1)

    @engines.needs_openvino
    def test_openvino(self):
        report = self.report(self.chain, "--onnxrt", "--openvino", "--openvino", "--with", "fp16", "--iterations", "4", "--warm-up", "1")
        self.assertEqual([pair["passed_iterations"] for pair in report["comparisons"]], [4, 4])
        self.assertEqual([runner["inferences"] for runner in report["runners"]], [4, 4, 4])
        self.check(run("convert", self.chain, "-o", self.path("chain.engine")), 0)
        self.check(run("run", self.chain, "--onnxrt", "--save-outputs", self.path("golden.json")), 0)
        self.check(run("run", self.path("chain.engine"), "--openvino", "--load-outputs", self.path("golden.json")), 0)
        self.check_error(run("run", self.path("chain.engine"), "--onnxrt"), 2, "is an engine")
        self.check_error(run("run", self.path("chain.engine"), "--openvino", "--onnx-outputs", "a"), 2, "about ONNX models")

    def test_layer_by_layer(self):
        report = self.report(self.chain, "--onnxrt", "--onnxrt", "--with", "graph_optimization_level=disabled", "--onnx-outputs", "*")
        self.assertEqual([output["name"] for output in report["comparisons"][0]["functions"][0]["outputs"]], ["a", "b", "y"])
        saved = self.path("marked.onnx")
        self.check(run("run", self.chain, "--onnxrt", "--onnx-outputs", "b", "--save-onnx", saved), 0)
        self.assertEqual(self.names(self.inspect(saved)["outputs"]), ["b"])

    def test_shapes(self):
        model = self.model_of(OPEN, "open.onnx")
        self.check(run("run", model, "--onnxrt", "--input-shapes", "x:[5,3]"), 0, stdout="{x [dtype=float32, shape=(5, 3)]}")

    def test_one_runner_after_the_other(self):
        arguments = (self.chain, "--onnxrt", "--onnxrt", "--iterations", "3")
        one, other = (self.report(*arguments, *more) for more in ((), ("--sequential-runners",)))
        self.assertEqual(one["comparisons"], other["comparisons"])

    def test_processes_of_their_own(self):
        arguments = (self.chain, "--onnxrt", "--reference", "--iterations", "3")
        one, other = (self.report(*arguments, *more) for more in ((), ("--use-subprocess",)))
        self.assertEqual(one["comparisons"], other["comparisons"])
        self.check(run("run", self.chain, "--onnxrt", "--providers", "nonsense", "--use-subprocess"), 2, stderr="nonsense")

    def test_a_runner_that_crashes(self):
        library = sorted(pathlib.Path(os.environ["POLYGRAPH_TEST_ONNXRUNTIME"]).glob("onnxruntime/capi/libonnxruntime.so.*"))[0]
        environment = {"POLYGRAPH_STAND_IN_OVER": str(library),
                       "POLYGRAPH_ONNXRUNTIME": os.environ["POLYGRAPH_STAND_INS"] + "/libonnxruntime_crashing.so"}
        result = run("run", self.chain, "--onnxrt", "--onnx-outputs", "y", "--use-subprocess", environment=environment)
        self.check(result, 4, stderr="The process of the runner 'onnxrt-runner-N0' crashed (Segmentation fault)")

    def test_nothing_is_collected_about_the_user(self):
        # Newer versions of ONNX Runtime would keep a database of events in the cache.
        environment = {"HOME": self.path("home"), "XDG_CACHE_HOME": self.path("home/cache"),
                       "POLYGRAPH_ONNXRUNTIME": os.environ["POLYGRAPH_TEST_ONNXRUNTIME"]}
        os.makedirs(self.path("home/cache"))
        self.check(run("run", self.chain, "--onnxrt", environment=environment), 0)
        self.assertEqual([path for path in pathlib.Path(self.path("home")).rglob("*") if path.is_file()], [])

    def test_junit(self):
        self.check(run("run", self.chain, "--onnxrt", "--onnxrt", "--validate", "--junit", self.path("report.xml")), 0)
        suites = xml.parse(self.path("report.xml")).getroot()
        self.assertEqual([suite.get("failures") for suite in suites], ["0", "0"])
        self.assertEqual([case.get("name") for case in suites.iter("testcase")], ["y (simple)", "all outputs"])
        self.check(run("run", self.chain, "--onnxrt", "--save-outputs", self.path("seed.json")), 0)
        self.check(run("run", self.chain, "--onnxrt", "--seed", "2", "--load-outputs", self.path("seed.json"), "--junit", self.path("bad.xml")), 1)
        case = next(xml.parse(self.path("bad.xml")).getroot().iter("testcase"))
        self.assertIn("failed in 1 of 1 iterations", case.find("failure").get("message"))

    def test_accuracy_results(self):
        saved = self.path("accuracy.json")
        self.check(run("run", self.chain, "--onnxrt", "--save-outputs", self.path("seed.json")), 0)
        self.check(run("run", self.chain, "--onnxrt", "--seed", "2", "--load-outputs", self.path("seed.json"),
                       "--compare", "simple", "l2", "--check-error-stat", "max", "--save-accuracy-results", saved), 1)
        self.check(run("check", "accuracy", saved), 1, stdout=["Passed: 0/1 iterations", "FAILED | "])
        self.check(run("check", "accuracy", saved, "--atol", "10", "--check-error-stat", "max", "--l2-threshold", "100"), 0, stdout="PASSED | ")
        self.check(run("check", "accuracy", saved, "--compare", "l2", "--l2-threshold", "100", "--save-accuracy-results", self.path("again.json")), 0)
        self.check(run("check", "accuracy", self.path("again.json")), 0)
        self.check(run("check", "accuracy", saved, "--compare", "psnr"), 3)
        self.check(run("check", "accuracy", self.path("seed.json")), 3)


if __name__ == "__main__":
    unittest.main()
