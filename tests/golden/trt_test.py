"""Engines of TensorRT-RTX, which builds without a GPU, and what the program says where there is none."""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import engines  # noqa: E402
from program import PROGRAM, ProgramTest, clean_environment, run  # noqa: E402
from text_models import HEADER, ModelTest  # noqa: E402

LIBRARY = pathlib.Path(os.environ.get("POLYGRAPH_DEPS", ""), "tensorrt_rtx_libs")
MODULE = pathlib.Path(PROGRAM).parents[1] / "lib" / "libpolygraph-trt-rtx.so"
IDENTITY = str(pathlib.Path(__file__).parents[2] / "fuzz" / "corpus" / "onnx" / "identity.onnx")


def has_rtx():
    return LIBRARY.exists() and MODULE.exists()


needs_rtx = unittest.skipUnless(has_rtx(), "SKIPPED: TensorRT-RTX or its module is not here")
RTX = {"POLYGRAPH_TENSORRT_RTX": str(LIBRARY)}


@needs_rtx
class Plans(ModelTest):
    def build(self, name, *arguments):
        path = self.path(name)
        return path, run("convert", IDENTITY, "-o", path, "--convert-to", "trt-rtx", *arguments, environment=RTX)

    def test_convert_and_inspect(self):
        path, result = self.build("m.plan", "--fp16")
        self.check(result, 0, stderr=["Building an engine with CreateConfig({.fp16 = true})", "Finished building"])
        self.check(run("inspect", "model", path), 0, stdout=["TensorRT Engine", "Made by: TensorRT-RTX 1.6."])
        told = json.loads(run("inspect", "model", path, "--json").stdout)
        self.assertEqual(told["kind"], "plan")
        self.assertEqual(told["size"], told["size_in_header"])
        self.assertFalse(told["cut_off"])
        self.check_error(run("run", path, "--onnxrt"), 2, "is an engine of TensorRT")
        self.check_error(run("run", path, "--openvino"), 2, "is an engine of TensorRT")

    def test_options_about_building_are_refused_for_a_plan(self):
        path, _ = self.build("m.plan")
        self.check_error(run("run", path, "--trt-rtx", "--fp16", environment=RTX), 2, "--fp16 is about building an engine")
        self.check_error(run("run", path, "--trt-rtx", "--trt-outputs", "y", environment=RTX), 2, "--trt-outputs is about building")

    def test_what_a_plan_says_of_itself(self):
        path, _ = self.build("m.plan", "--refittable", "--tf32")
        size = pathlib.Path(path).stat().st_size
        self.check(run("inspect", "plan", path, environment=RTX), 0,
                   stdout=["Made by: TensorRT-RTX 1.6.", f"Size: {size} bytes, as it says", "Weights in it: 0 bytes",
                           "Built with: refittable, tf32; without: strip_plan, weight_streaming", "Installed: TensorRT-RTX 1.6.",
                           "Can be loaded here: yes, on a GPU of the kind that it was built for"])
        told = json.loads(run("inspect", "plan", path, "--json", environment=RTX).stdout)
        self.assertEqual(told["options"], {"refittable": True, "strip_plan": False, "weight_streaming": False, "tf32": True})
        self.assertEqual((told["size"], told["size_in_header"], told["cut_off"], told["weights"]), (size, size, False, 0))
        self.assertEqual((told["loadable"], told["remedy"]), ("yes", ""))
        self.assertIn("libtensorrt_rtx.so.1", told["installed"]["library"])

    def test_a_plan_of_another_version(self):
        path, _ = self.build("m.plan")
        plan = bytearray(pathlib.Path(path).read_bytes())
        plan[25] = 5
        other = self.write("other.plan", bytes(plan))
        self.check(run("inspect", "plan", other, environment=RTX), 0,
                   stdout=["Made by: TensorRT-RTX 1.5.1\n", "Can be loaded here: no (TensorRT-RTX 1.5.1 made it, and 1.6.",
                           "pip install 'tensorrt-rtx==1.5.1.*'", "polygraph convert model.onnx -o other.plan --convert-to trt-rtx"])
        self.assertIsNone(json.loads(run("inspect", "plan", other, "--json", environment=RTX).stdout)["options"])
        missing = {"POLYGRAPH_TENSORRT_RTX": "/nowhere"}
        told = json.loads(run("inspect", "plan", path, "--json", environment=missing).stdout)
        self.assertEqual((told["loadable"], told["installed"]), ("no", {"version": "", "library": ""}))
        self.assertIn("/nowhere", told["reason"])
        self.assertIn("pip install 'tensorrt-rtx==1.6.1.*'", told["remedy"])

    def test_a_plan_that_is_cut_off(self):
        path, _ = self.build("m.plan")
        cut = self.write("cut.plan", pathlib.Path(path).read_bytes()[:-1])
        self.check(run("inspect", "plan", cut, environment=RTX), 0,
                   stdout=["and it says", "Can be loaded here: no (the file is cut off)", "Copy it again."])
        longer = self.write("longer.plan", pathlib.Path(path).read_bytes() + b"x")
        self.check(run("inspect", "plan", longer, environment=RTX), 0, stdout="no (there are bytes behind its end)")
        self.check(run("inspect", "model", cut), 0, stdout="the file is cut off")
        self.check_error(run("run", cut, "--trt-rtx", environment=RTX), 3, "is cut off")

    def test_options(self):
        self.check(self.build("m.plan", "--int8")[1], 4, stderr=["has no option int8", "TensorRT 8.5 to 10"])
        self.check(self.build("m.plan", "--int8", "--calibration-cache", self.path("c"), "--load-inputs", "none.npz")[1], 4,
                   stderr=["does not calibrate", "QuantizeLinear and DequantizeLinear"])
        self.check_error(self.build("m.plan", "--calibration-cache", self.path("c"))[1], 2,
                         "--calibration-cache is about calibration, which is for INT8")
        self.check_error(self.build("m.plan", "--iterations", "2")[1], 2, "--iterations is about calibration")
        self.check_error(self.build("m.plan", "--int8", "--quantile", "0.9")[1], 2, "IInt8EntropyCalibrator2 does not use it")
        self.assertFalse(pathlib.Path(self.path("c")).exists())
        self.check_error(self.build("m.plan", "--threads", "2")[1], 2, "--threads is about engines of OpenVINO")
        self.check_error(self.build("m.plan", "--builder-optimization-level", "9")[1], 2, "must be 0 to 5")
        self.check_error(self.build("m.plan", "--trt-min-shapes", "x:[1]")[1], 2, "1 --trt-min-shapes, 0 --trt-opt-shapes")
        self.assertFalse(pathlib.Path(self.path("m.plan")).exists())

    def test_what_cannot_be_built_is_named_and_saved(self):
        # TensorRT-RTX has no NonZero.
        model = self.model_of(HEADER + "g (float[2,3] x) => (int64[2,n] y) { a = Relu (x)  y = NonZero (a) }", "nonzero.onnx")
        arguments = ("convert", model, "-o", self.path("m.plan"), "--convert-to", "trt-rtx")
        self.check(run(*arguments, environment=RTX), 4, stderr=["The node concerned is NonZero -> 'y'", "--dump-failing-subgraph"])
        part = self.path("part.onnx")
        self.check(run(*arguments, "--dump-failing-subgraph", part, environment=RTX), 4, stderr=f"That part is saved as '{part}'")
        self.check(run("inspect", "model", part), 0, stdout=["{a [dtype=float32, shape=(2, 3)]}", "1 Node(s)"])
        # The model itself is not overwritten, and what cannot be saved does not hide the failure.
        for command in (arguments, ("run", model, "--trt-rtx")):
            self.check_error(run(*command, "--dump-failing-subgraph", model, environment=RTX), 2, "--dump-failing-subgraph")
        self.check(run(*arguments, "--dump-failing-subgraph", "/proc/no/part.onnx", environment=RTX), 4,
                   stderr=["The node concerned is NonZero", "That part cannot be saved"])
        # What the messages say nothing of is not saved, and that is said.
        self.check(run("convert", IDENTITY, "-o", self.path("m.plan"), "--convert-to", "trt-rtx", "--dump-failing-subgraph",
                       self.path("none.onnx"), environment=RTX), 0)
        self.assertFalse(pathlib.Path(self.path("none.onnx")).exists())

    def test_timing_cache(self):
        cache = self.path("timing.cache")
        self.check(self.build("a.plan", "--save-timing-cache", cache)[1], 0)
        self.assertTrue(pathlib.Path(cache).stat().st_size > 0)
        self.check(self.build("b.plan", "--load-timing-cache", cache)[1], 0)

    def test_a_plan_that_crashes_tensorrt(self):
        plan, _ = self.build("m.plan")
        content = bytearray(pathlib.Path(plan).read_bytes())
        content[100:124] = b"X" * 24
        damaged = self.path("damaged.plan")
        pathlib.Path(damaged).write_bytes(content)
        for command in (("run", damaged, "--trt-rtx"), ("inspect", "model", damaged)):
            self.check_error(run(*command, environment=RTX), 3, f"Loading '{damaged}' crashed TensorRT-RTX 1.6.1: most likely it is damaged",
                             "Copy or build it again.")

    def test_lists_can_be_left_empty(self):
        _, result = self.build("m.plan", "--preview-features", "--tactic-sources")
        self.check(result, 0, stderr='CreateConfig({.tactic_sources = {"none"}, .preview_features = {"none"}})')

    def test_tactics_are_not_told_by_tensorrt_rtx(self):
        replay = self.path("replay.json")
        for option in ("--save-tactics", "--load-tactic-replay"):
            self.check(self.build("m.plan", option, replay)[1], 4, stderr="TensorRT-RTX has no options save_tactics and load_tactics")
        self.assertFalse(pathlib.Path(replay).exists())
        self.check_error(self.build("m.plan", "--save-tactics", replay, "--load-tactics", replay)[1], 2, "do not go together")
        model = self.model_of(HEADER + "g (float[2,3] x) => (float[2,3] y) { y = Relu (x) }", "relu.onnx")
        for option in ("--save-tactics", "--save-timing-cache"):
            result = run("convert", model, "-o", self.path("m.plan"), "--convert-to", "trt-rtx", option, model, environment=RTX)
            self.check_error(result, 2, f"{option}: '{model}' is the model itself")

    def test_weight_streaming_budget(self):
        arguments = ("run", IDENTITY, "--trt-rtx", "--gen-script", self.path("s.cpp"), "--weight-streaming-budget")
        self.check(run(*arguments, "50%", environment=RTX), 0)
        self.assertIn("WeightBudget::of_percent(50.0)", pathlib.Path(self.path("s.cpp")).read_text())
        self.check_error(run(*arguments, "101%", environment=RTX), 2, "'101%' is no budget for weights")

    def test_options_of_tensorrt_are_refused_for_openvino(self):
        result = run("convert", IDENTITY, "-o", self.path("m.engine"), "--refittable")
        self.check_error(result, 2, "--refittable is about engines of TensorRT")

    def test_options_of_calibration_in_run(self):
        self.check_error(run("run", IDENTITY, "--trt-rtx", "--calibration-cache", "c", environment=RTX), 2, "Give --int8")
        for int8 in (["--int8", "--trt-rtx"], ["--trt-rtx", "--with", "int8"]):
            arguments = ["run", IDENTITY, *int8, "--calibration-cache", "c", "--calib-base-cls", "IInt8MinMaxCalibrator",
                         "--iterations", "3", "--gen-script", "-"]
            program = "".join(run(*arguments, environment=RTX).stdout.split())
            self.assertIn('CreateConfig({.int8=true},{},Calibrator(feed_function(generated_inputs({.iterations=3})),'
                          '{.cache="c",.base_class=CalibrationBaseClass::IInt8MinMaxCalibrator}))', program)
            script = run(*arguments[:-4], "--data-loader-script", "none.cpp:f", *arguments[-2:], environment=RTX).stdout
            self.assertIn('feed_function(inputs_from_script({"none.cpp","f"}))', "".join(script.split()))

    def test_doctor(self):
        result = run("doctor", environment=RTX)
        self.check(result, 0, stdout=["TensorRT-RTX (--trt-rtx): found, version 1.6.", "libtensorrt_rtx.so.1"])
        backends = {b["name"]: b for b in json.loads(run("doctor", "--json", environment=RTX).stdout)["backends"]}
        self.assertEqual(set(backends), {"openvino", "onnxrt", "trt", "trt-rtx"})
        self.assertTrue(backends["trt-rtx"]["found"])
        missing = run("doctor", environment={"POLYGRAPH_TENSORRT_RTX": "/nowhere"})
        self.check(missing, 0, stdout=["TensorRT-RTX (--trt-rtx): not available", "pip install tensorrt-rtx"])


@needs_rtx
class Example(ProgramTest):
    """The seed example: without a GPU its engine is built, and cannot be loaded."""

    def test_build_and_run(self):
        program = pathlib.Path(PROGRAM).parent / "examples" / "immediate_eval_api" / "build_and_run_trt_rtx"
        done = subprocess.run([program, IDENTITY, self.path("identity.engine")], env=clean_environment(**RTX), text=True,
                              capture_output=True, timeout=60, check=False)
        self.assertIn("Building an engine with CreateConfig({.fp16 = true})", done.stderr)
        self.assertIn("Finished building", done.stderr)
        if done.returncode == 0:
            self.assertEqual(done.stdout, "Inference succeeded!\n")
        else:
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn("needs a GPU", done.stderr)


@needs_rtx
class Scripts(ProgramTest):
    """Networks and configurations from functions of one's own."""

    def convert(self, *arguments):
        return run("convert", "-o", self.path("m.plan"), "--convert-to", "trt-rtx", *arguments, environment=RTX)

    def template(self, kind, *arguments):
        path = self.path(f"{kind}.cpp")
        self.check(run("template", kind, "-o", path, *arguments), 0)
        return path

    def test_templates_are_built(self):
        network, config = self.template("trt-network"), self.template("trt-config", "--trt-opt-shapes", "x:[1,4]",
                                                                      "--trt-min-shapes", "x:[1,4]", "--trt-max-shapes", "x:[1,4]")
        result = self.convert("--trt-network-script", network, "--trt-config-script", config)
        self.check(result, 0, stderr='Building an engine with CreateConfig({}, {Profile().add("x", {1, 4}, {1, 4}, {1, 4})})')
        self.assertTrue(os.path.getsize(self.path("m.plan")) > 0)
        self.check_error(run("template", "trt-config", "-o", config), 3, "exists already")
        self.check_error(run("template", "trt-config", "-o", self.path("a.txt")), 2, "is no name for C++ source")

    def test_a_template_of_a_model(self):
        path = self.template("trt-network", IDENTITY, "--trt-outputs", "y", "--strongly-typed")
        text = pathlib.Path(path).read_text()
        self.assertIn(IDENTITY, text)
        self.assertIn('{.outputs = {"y"}}', text)
        self.check(self.convert("--trt-network-script", path + ":load_network"), 0)
        self.check_error(run("template", "trt-network", "--trt-outputs", "y", "-o", self.path("b.cpp")), 2,
                         "There are no outputs to choose")

    def test_postprocessing(self):
        script = self.write("mine.cpp", b"""
#include <polygraph/trt/script.h>
#include <stdexcept>
using namespace polygraph::trt;
void postprocess(Network& network) { network->setName("mine"); }
POLYGRAPH_SCRIPT(postprocess)
void postprocess_config(nvinfer1::IBuilderConfig& config, const Network& network) {
  throw std::runtime_error(std::string("the network is called ") + network->getName());
}
POLYGRAPH_SCRIPT(postprocess_config)
""")
        self.check(self.convert(IDENTITY, "--trt-npps", script), 0)
        result = self.convert(IDENTITY, "--trt-network-postprocess-script", script, "--trt-cpps", script)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("the network is called mine", result.stderr)

    def test_what_has_no_use_beside_a_script(self):
        script = self.template("trt-network")
        self.check_error(self.convert(IDENTITY, "--trt-network-script", script), 2, "--trt-network-script makes the network")
        self.check_error(self.convert("--trt-network-script", script, "--strongly-typed"), 2,
                         "The option strongly_typed has no use: the network comes from the script")
        self.check_error(self.convert(IDENTITY, "--trt-config-script", script, "--fp16"), 2,
                         "The option fp16 has no use: the configuration comes from the script")
        self.check_error(self.convert(), 2, "needs MODEL_FILE")
        openvino = run("convert", IDENTITY, "-o", self.path("m.engine"), "--trt-npps", script)
        self.check_error(openvino, 2, "--trt-npps is about engines of TensorRT")
        self.check_error(run("run", IDENTITY, "--trt-rtx", "--trt-network-script", script, environment=RTX), 2,
                         "makes the network of every runner")
        self.check_error(run("run", "--onnxrt", "--trt-rtx", "--trt-network-script", script, environment=RTX), 2,
                         "--onnxrt needs a model to run")
        self.check(self.convert(IDENTITY), 0)
        plan = self.path("m.plan")
        self.check_error(run("run", plan, "--trt-rtx", "--trt-npps", script, environment=RTX), 2, "--trt-npps is about building an engine")

    def test_generated_programs_call_the_same_functions(self):
        result = run("run", "--trt-rtx", "--trt-network-script", "net.cpp:make", "--trt-npps", "change.cpp", "--trt-config-script",
                     "config.cpp", "--trt-cpps", "more.cpp", "--decomposable-attentions", "--gen-script", "-", environment=RTX)
        self.check(result, 0)
        program = "".join(result.stdout.split())
        self.assertIn('SetDecomposableAttentions(PostprocessNetwork(NetworkFromScript({"net.cpp","make"}),'
                      'network_postprocess_from_script({"change.cpp","postprocess"})))', program)
        self.assertIn('PostprocessConfig(ConfigFromScript({"config.cpp","load_config"}),'
                      'config_postprocess_from_script({"more.cpp","postprocess_config"}))', program)

    def test_without_a_compiler(self):
        script = self.template("trt-network")
        result = run("convert", "-o", self.path("m.plan"), "--convert-to", "trt-rtx", "--trt-network-script", script,
                     environment={**RTX, "CXX": "no-such-compiler"})
        self.check_error(result, 4, "there is no compiler (no-such-compiler)")


@needs_rtx
class Networks(ProgramTest):
    """Networks before anything is built."""

    def inspect(self, *arguments):
        return run("inspect", "model", *arguments, environment=RTX)

    def picture(self, *arguments):
        return run("convert", *arguments, "-o", self.path("picture.onnx"), "--convert-to", "onnx-like-trt-rtx-network", environment=RTX)

    def test_inspect(self):
        result = self.inspect(IDENTITY, "--display-as", "trt-rtx", "--show", "layers")
        self.check(result, 0, stdout="""==== TensorRT-RTX Network ====
Name: test_identity | Explicit Batch Strongly Typed Network

---- 1 Network Input(s) ----
{x [dtype=float32, shape=(1, 1, 2, 2)]}

---- 1 Network Output(s) ----
{y [dtype=float32, shape=(1, 1, 2, 2)]}

---- 1 Layer(s) ----
Layer 0    | identity [Op: LayerType.IDENTITY]
    {x [dtype=float32, shape=(1, 1, 2, 2)]}
     -> {y [dtype=float32, shape=(1, 1, 2, 2)]}
""")
        told = json.loads(self.inspect(IDENTITY, "--convert-to", "trt-rtx", "--json").stdout)
        self.assertEqual(told["format"], "network")
        self.assertEqual(told["metadata"], {"library": "TensorRT-RTX", "strongly_typed": "true"})
        page = self.path("page.html")
        self.check(self.inspect(IDENTITY, "--display-as", "trt-rtx", "--html", page), 0)
        self.assertIn("IDENTITY", pathlib.Path(page).read_text())

    def test_inspect_a_script(self):
        script = self.path("network.cpp")
        self.check(run("template", "trt-network", "-o", script), 0)
        result = self.inspect("--trt-network-script", script, "--display-as", "trt-rtx", "--show", "layers", "attrs")
        self.check(result, 0, stdout=["{x [dtype=float32, shape=(1, 4)]}", "[Op: LayerType.ACTIVATION]", ".type = RELU"])
        self.check_error(self.inspect(IDENTITY, "--trt-network-script", script), 2, "--trt-network-script makes the network")

    def test_what_does_not_go_together(self):
        self.check_error(self.inspect(), 2, "needs MODEL_FILE")
        self.check_error(self.inspect(IDENTITY, "--strongly-typed"), 2, "--strongly-typed is about networks of TensorRT")
        self.check_error(self.inspect(IDENTITY, "--display-as", "trt-rtx", "--stats"), 2, "--stats is about ONNX models")
        self.check_error(self.inspect(IDENTITY, "--display-as", "trt-rtx", "--model-type", "plan"), 2, "networks are made of ONNX models")

    def test_convert_to_a_picture(self):
        script = self.path("network.cpp")
        self.check(run("template", "trt-network", "-o", script), 0)
        self.check_error(run("convert", "--trt-network-script", script, "-o", self.path("m.onnx")), 2, "--trt-network-script is about engines")
        self.check(self.picture(IDENTITY, "--trt-outputs", "y"), 0, stderr="nothing can run it")
        self.check(run("inspect", "model", self.path("picture.onnx"), "--show", "layers"), 0, stdout="[Op: IDENTITY]")
        self.check_error(self.picture(IDENTITY, "--fp16"), 2, "--fp16 is about building engines")
        self.check_error(self.picture(IDENTITY, "--refittable"), 2, "--refittable is about building engines")
        self.check_error(self.picture(IDENTITY, "--fp-to-fp16"), 2, "--fp-to-fp16 is about ONNX models")
        self.check_error(self.picture(IDENTITY, "--trt-config-script", "a.cpp"), 2, "--trt-config-script is about building engines")

    def test_tensors(self):
        self.check(self.picture(IDENTITY, "--tensor-formats", "x:[linear]", "--mark-debug", "y", "--decomposable-attentions",
                                "--mark-unfused-tensors-as-debug-tensors"), 0)
        self.check(self.picture(IDENTITY, "--all-tensor-formats", "linear"), 0)
        self.check_error(self.picture(IDENTITY, "--tensor-formats", "x:liner"), 2, "'liner' of 'x' is no format", "Did you mean 'linear'?")
        self.check_error(self.picture(IDENTITY, "--tensor-formats", "z:linear"), 3, "'z'")
        self.check_error(self.picture(IDENTITY, "--tensor-formats", "x"), 2, "'x' is not of the form TENSOR:VALUE")
        self.check_error(self.picture(IDENTITY, "--tensor-formats", "x:linear", "--all-tensor-formats", "hwc"), 2, "do not go together")
        self.check_error(self.picture(IDENTITY, "--tensor-datatypes", "x:floaty"), 2, "'floaty' of 'x' is no type")
        self.check_error(self.picture(IDENTITY, "--all-tensor-dtypes", "float16"), 4, "types of a strongly typed network are its own")
        self.check_error(self.picture(IDENTITY, "--mark-debug", "z"), 3, "'z'")


@needs_rtx
class LoadingPlans(ProgramTest):
    """What an engine that was saved needs for being loaded."""

    def setUp(self):
        super().setUp()
        self.plan = self.path("m.plan")
        self.check(run("convert", IDENTITY, "-o", self.plan, "--convert-to", "trt-rtx", environment=RTX), 0)

    def run_plan(self, *arguments, model=None):
        return run("run", model or self.plan, "--trt-rtx", *arguments, environment=RTX)

    def test_plugins(self):
        self.check_error_at_end(self.run_plan("--plugins", "libmine.so"), 4, "Loading the plugin 'libmine.so': TensorRT-RTX has no plugins")
        program = self.run_plan("--plugins", "libmine.so", "--gen-script", "-").stdout
        self.assertIn('EngineFromPath("%s",LoadRuntime("",LoadPlugins({"libmine.so"})))' % self.plan, "".join(program.split()))
        self.check_error(self.run_plan("--fp16"), 2, "--fp16 is about building an engine")

    def test_lean_runtime(self):
        self.check_error_at_end(self.run_plan("--load-runtime", self.path("none.so")), 3, "none.so")
        text = self.write("text.so", b"this is no library")
        self.check_error_at_end(self.run_plan("--load-runtime", text), 4, "cannot load the runtime", "has to be a lean runtime")
        for model, loader in ((self.plan, "EngineFromPath("), (IDENTITY, "EngineFromNetwork(")):
            program = "".join(self.run_plan("--load-runtime", "lean.so", "--gen-script", "-", model=model).stdout.split())
            self.assertIn(loader, program)
            self.assertIn('LoadRuntime("lean.so")', program)
        result = run("run", IDENTITY, "--reference", "--load-runtime", "lean.so")
        self.check(result, 0, stderr="The option --load-runtime has no effect: it is for --trt or --trt-rtx")

    def check_error_at_end(self, result, code, *parts):
        self.check(result, code, stderr=parts)
        self.assertEqual(result.stderr.count("[!]"), 1, result.stderr)


@needs_rtx
class ExternalData(ModelTest):
    """Weights in files that do not lie beside the model."""

    def setUp(self):
        super().setUp()
        model = self.write("whole.onnx", engines.large_model())
        self.model = self.path("m.onnx")
        self.check(run("convert", model, "-o", self.model, "--external-data-path", "m.data"), 0)
        self.folder_of_data = self.path("elsewhere")
        os.mkdir(self.folder_of_data)
        os.rename(self.path("m.data"), os.path.join(self.folder_of_data, "m.data"))

    def both(self, *arguments):
        """Without the folder of the data, and with it, which has to work."""
        without = run(*arguments, environment=RTX)
        found = run(*arguments, "--external-data-dir", self.folder_of_data, environment=RTX)
        self.check(found, 0)
        return without, found

    def test_convert(self):
        plan = self.path("m.plan")
        without, _ = self.both("convert", self.model, "-o", plan, "--convert-to", "trt-rtx")
        self.check_error(without, 4, "m.data")
        self.assertGreater(os.path.getsize(plan), 4 << 20)
        picture = ["convert", self.model, "-o", self.path("p.onnx"), "--convert-to", "onnx-like-trt-rtx-network"]
        self.check_error(self.both(*picture)[0], 4, "m.data")
        result = run("convert", "--trt-network-script", "net.cpp", "-o", plan, "--convert-to", "trt-rtx", "--external-data-dir", "d")
        self.check_error(result, 2, "--external-data-dir is about ONNX models")
        result = run("convert", self.model, "-o", plan, "--convert-to", "trt-rtx", "--ignore-external-data", environment=RTX)
        self.check_error(result, 2, "--ignore-external-data is about ONNX models")

    def test_run(self):
        without, found = self.both("run", self.model, "--trt-rtx", "--gen-script", "-")
        self.assertIn("NetworkFromOnnxPath", without.stdout)
        program = "".join(found.stdout.split())
        self.assertIn('OnnxFromPath("%s",{.external_data_dir="%s"})' % (self.model, self.folder_of_data), program)
        self.assertIn("NetworkFromOnnxModel(model)", program)
        plan = self.path("m.plan")
        result = run("run", self.model, "--trt-rtx", "--save-engine", plan, "--external-data-dir", self.folder_of_data, environment=RTX)
        self.assertIn("Finished building", result.stderr)  # only where there is a GPU can it be run

    def test_inspect(self):
        without, found = self.both("inspect", "model", self.model, "--display-as", "trt-rtx", "--show", "layers")
        self.check_error(without, 4, "m.data")
        self.assertIn("MATRIX_MULTIPLY", found.stdout)
        without, found = self.both("inspect", "capability", self.model, "--trt-rtx", "-o", self.path("parts"))
        self.check_error(without, 3, "m.data")
        self.assertIn("fully supported", found.stdout)


class WithoutTensorRt(ProgramTest):
    def test_a_file_that_only_begins_like_a_plan(self):
        tiny = self.write("tiny.plan", b"ftrt" + struct.pack("<I", 0))
        self.check(run("inspect", "model", tiny), 0, stdout="Made by: TensorRT (the plan does not say which version)")
        self.check(run("inspect", "plan", tiny), 0, stdout=["Made by: TensorRT (the plan does not say which version)", "Size: 8 bytes\n"])

    def test_a_plan_of_tensorrt_tells_its_version(self):
        plan = self.write("ten.plan", b"ftrt" + bytes(20) + bytes([10, 3, 0, 26]) + bytes(100))
        self.check(run("inspect", "plan", plan), 0, stdout=["Made by: TensorRT 10.3.0.26", "pip install 'tensorrt==10.3.0.*'"])

    @unittest.skipUnless(MODULE.with_name("libpolygraph-trt.so").exists() and shutil.which("cc"), "SKIPPED: no module, or no compiler")
    def test_the_version_that_is_installed_is_compared(self):
        source = self.write("version.c", b"int getInferLibVersion(void) { return 110200; }\n")
        library = self.path("libnvinfer.so.11")
        subprocess.run(["cc", "-shared", "-fPIC", source, "-o", library], check=True)

        def told(*version, **environment):
            plan = self.write("some.plan", b"ftrt" + bytes(20) + bytes(version) + bytes(100))
            return json.loads(run("inspect", "plan", plan, "--json", environment=environment or {"POLYGRAPH_TENSORRT": library}).stdout)

        if not told(11, 2, 0, 1)["installed"]["version"]:
            self.skipTest("the module is for other versions of TensorRT")
        self.assertEqual(told(11, 2, 0, 1)["loadable"], "yes")
        self.assertEqual(told(11, 1, 9, 1)["loadable"], "perhaps")
        self.assertIn("version-compatible", told(11, 1, 9, 1)["reason"])
        for other in ((11, 3, 0, 1), (10, 16, 1, 11), (12, 0, 0, 1)):
            self.assertEqual(told(*other)["loadable"], "no")
            self.assertIn("pip install 'tensorrt==%d.%d.%d.*'" % other[:3], told(*other)["remedy"])
        self.assertEqual(told(8, 5, 3, 1)["loadable"], "perhaps")
        self.assertIn("does not say which version", told(8, 5, 3, 1)["reason"])

    def test_what_is_no_plan(self):
        self.check_error(run("inspect", "plan", IDENTITY), 3, "is not a plan")
        self.check_error(run("inspect", "plan", self.path("nothing")), 3, "nothing")


if __name__ == "__main__":
    unittest.main()
