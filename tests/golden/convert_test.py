"""`polygraph convert`: engines with every option, what is said of wrong values, and places that cannot be written to."""

import os
import resource
import shutil
import subprocess
import unittest

import engines
from program import PROGRAM, ProgramTest, clean_environment, run


@engines.needs_openvino
class ConvertTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.engine = self.path("x.engine")

    def convert(self, *options, model=None, **settings):
        return run("convert", model or self.model, "-o", self.engine, *options, **settings)

    def check_built(self, *options, **settings):
        """The engine's description, after a build without errors or warnings of the program's own."""
        result = self.convert(*options, **settings)
        self.check(result, 0, stdout="", stderr=["[I] Building an engine with CreateConfig(", f"Saved the engine to '{self.engine}'"])
        return engines.read_engine(self.engine)[0]

    def check_refused(self, code, *parts, options=(), model=None, **settings):
        """One error at the end of the log, and no file that was not there before."""
        before = sorted(os.listdir(self.folder))
        result = self.convert(*options, model=model, **settings)
        self.check(result, code, stdout="", stderr=parts)
        self.assertEqual(result.stderr.count("[!]"), 1, result.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        return result


class ExternalData(ConvertTest):
    def test_in_another_folder(self):
        whole, model = self.write("whole.onnx", engines.large_model()), self.path("m.onnx")
        self.check(run("convert", whole, "-o", model, "--external-data-path", "m.data"), 0)
        os.mkdir(self.path("elsewhere"))
        os.rename(self.path("m.data"), self.path("elsewhere/m.data"))
        self.check_refused(3, "m.data", model=model, options=["--external-data-dir", self.path("nowhere")])
        self.check_built("--external-data-dir", self.path("elsewhere"), model=model)
        self.assertGreater(os.path.getsize(self.engine), 4 << 20)


class Options(ConvertTest):
    def test_engine_of_a_model(self):
        info = self.check_built()
        self.assertEqual(os.listdir(self.folder).count("x.engine"), 1)
        self.assertEqual((info["name"], info["backend"], info["device"]), ("one_node", "OpenVINO", "CPU"))
        self.assertEqual((info["precision_asked"], info["precision_hint"]), ("float32", "f32"))
        self.assertEqual(info["inputs"], [{"name": "x", "dtype": "float32", "shape": [1, 2]}])
        self.assertEqual(info["model_name"], "identity.onnx")
        self.assertRegex(info["model_hash"], r"^[0-9a-f]{16}$")

    def test_precisions_are_permissions(self):
        for options, asked, never in (
            (["--fp16"], "float32, float16", "bf16"),
            (["--bf16"], "float32, bfloat16", "f16"),
            (["--tf32"], "float32, tf32", "f16"),
            (["--fp32"], "float32", "bf16"),
            (["--fp16", "--bf16", "--tf32"], "float32, tf32, bfloat16, float16", None),
        ):
            with self.subTest(options=options):
                info = self.check_built(*options)
                self.assertEqual(info["precision_asked"], asked)
                self.assertNotEqual(info["precision_hint"], never)

    def test_every_setting_reaches_the_engine(self):
        cache = self.path("cache")
        info = self.check_built(
            "--profiling", "--threads", "1", "--streams", "1", "--performance-hint", "Throughput", "--cache-dir", cache,
            "--properties", "SCHEDULING_CORE_TYPE:ANY_CORE", "ENABLE_CPU_PINNING:NO",
        )
        wanted = {"PERF_COUNT": "YES", "INFERENCE_NUM_THREADS": "1", "NUM_STREAMS": "1", "PERFORMANCE_HINT": "THROUGHPUT",
                  "CACHE_DIR": cache, "SCHEDULING_CORE_TYPE": "ANY_CORE", "ENABLE_CPU_PINNING": "NO"}
        self.assertEqual({name: info["properties"].get(name) for name in wanted}, wanted)
        self.assertTrue(os.listdir(cache))

    def test_an_older_engine_is_replaced(self):
        self.write("x.engine", b"old")
        self.check_built()

    def test_a_missing_folder_is_made(self):
        self.engine = self.path("a/b/x.engine")
        self.check_built()

    def test_a_pipe_gets_the_whole_engine(self):
        script = '"$0" convert "$1" -o >(cat > "$2"; touch "$2.done") && until [ -e "$2.done" ]; do sleep 0.01; done'
        subprocess.run(["bash", "-c", script, PROGRAM, self.model, self.path("piped")], check=True, timeout=60,
                       capture_output=True, env=clean_environment())
        self.check_built()
        self.assertEqual(engines.read_engine(self.path("piped"))[0], engines.read_engine(self.engine)[0])


class Outputs(ConvertTest):
    def setUp(self):
        super().setUp()
        self.model = self.write("chain.onnx", engines.relu_chain())

    def outputs(self, *options):
        return sorted(output["name"] for output in self.check_built(*options)["outputs"])

    def test_marking(self):
        self.assertEqual(self.outputs(), ["y"])
        self.assertEqual(self.outputs("--openvino-outputs", "a"), ["a"])
        self.assertEqual(self.outputs("--openvino-outputs", "b", "y"), ["b", "y"])
        self.assertEqual(self.outputs("--openvino-outputs", "mark", "all"), ["a", "b", "y"])
        self.assertEqual(self.outputs("--openvino-outputs", "[ab]"), ["a", "b"])
        self.assertEqual(self.outputs("--openvino-outputs-by-type", "Relu"), ["a", "y"])
        self.assertEqual(self.outputs("--openvino-outputs", "mark", "all", "--openvino-exclude-outputs", "a", "b"), ["y"])

    def test_names_that_do_not_exist(self):
        self.check_refused(3, "there is no tensor 'yy'. Did you mean 'y'?", "'a', 'b', 'y'", options=["--openvino-outputs", "yy"])
        self.check_refused(3, "there is no output 'z'", "Available: 'y'", options=["--openvino-exclude-outputs", "z"])
        self.check_refused(3, "no layer has the type 'relu'. Did you mean 'Relu'?", options=["--openvino-outputs-by-type", "relu"])
        self.check_refused(3, "no output would be left", "at least one", options=["--openvino-exclude-outputs", "*"])
        self.check_refused(3, "no tensor matches 'q*'", "no output would be left", options=["--openvino-outputs", "q*"])

    def test_layers_kept_in_fp32(self):
        self.check_built("--fp16", "--layer-precisions", "b:float32", "a:float32")
        self.check_built("--fp16", "--layer-precisions", "*:float32")
        self.check_refused(3, "there is no layer 'bb'", "'b'", options=["--layer-precisions", "bb:float32"])
        self.check_refused(2, "'b:flot32'", "float32", options=["--layer-precisions", "b:flot32"])
        self.check_refused(3, "'b' to int8", "float32", options=["--layer-precisions", "b:int8"])
        self.check_refused(2, "--layer-precisions: 'b' is not of the form LAYER:TYPE", options=["--layer-precisions", "b"])


class WrongValues(ConvertTest):
    def test_options(self):
        for options, parts in (
            (["--fp32", "--fp16"], ["fp32 excludes tf32, fp16 and bf16", "Leave fp32 out"]),
            (["--threads", "0"], ["threads is 0", "1 or more"]),
            (["--threads", "-3"], ["threads is -3", "1 or more"]),
            (["--threads", "two"], ["threads: 'two' is not a whole number"]),
            (["--threads", "99999999999999999999"], ["threads", "99999999999999999999"]),
            (["--streams", "0"], ["streams is 0"]),
            (["--performance-hint", "latncy"], ["'latncy' for --performance-hint", "Did you mean 'latency'?"]),
            (["--properties", "PERF_COUN:YES"], ["no property 'PERF_COUN'", "Did you mean 'PERF_COUNT'?"]),
            (["--properties", "PERF_COUNT"], ["'PERF_COUNT' is not of the form NAME:VALUE"]),
            (["--properties", "PERF_COUNT:maybe"], ["PERF_COUNT", "maybe"]),
        ):
            with self.subTest(options=options):
                self.check_refused(2, *parts, options=options)

    def test_plugins(self):
        self.check_refused(3, "Loading the plugin", "none.so", "there is no such file", options=["--plugins", self.path("none.so")])
        self.check_refused(4, "Loading the plugin", "OPENVINO_CREATE_EXTENSIONS", "invalid ELF header",
                           options=["--plugins", self.model])

    def test_output_is_required_and_no_model(self):
        self.check_error(run("convert", self.model), 2, "--output is required")
        self.engine = self.path("x.onnx")
        self.check_refused(2, "x.onnx", "'.engine'", options=["--convert-to", "openvino"])

    def test_the_model_is_not_overwritten(self):
        self.engine = self.write("model", self.read_bytes(self.model))
        self.check_refused(2, "that is the model itself", model=self.engine)
        os.symlink("model", self.path("link"))
        self.check_refused(2, "that is the model itself", model=self.path("link"))


class BadModels(ConvertTest):
    def test_files_that_are_no_models(self):
        whole = self.read_bytes(self.model)
        for name, content, parts in (
            ("empty", b"", ["empty"]),
            ("cut", whole[:-1], ["cut"]),
            ("random", b"\xff\x13\x37" * 1000, ["random"]),
            ("picture", b"\x89PNG\r\n\x1a\n" + bytes(100), ["a PNG picture"]),
            ("text", b"Only some words.\n", ["a text file"]),
        ):
            with self.subTest(kind=name):
                self.check_refused(3, *parts, model=self.write(name, content))
        self.check_refused(3, "identiti.onnx", "Did you mean", "identity.onnx", model=self.path("identiti.onnx"))
        self.check_refused(3, "directory", "Name a file", model=self.folder)

    def test_an_engine_in_place_of_a_model(self):
        self.check_built()
        engine, self.engine = self.engine, self.path("y.engine")
        self.check_refused(3, "x.engine", "an engine saved by Polygraph", model=engine)

    def test_an_operation_that_the_engine_does_not_know(self):
        parts = [engines.node("NoSuchOperation", ["x"], "y")]
        info = engines.tensor_info
        model = self.write("unknown.onnx", engines.model("unknown", parts, [info("x", [1])], [info("y", [1])]))
        result = self.check_refused(4, "Reading the ONNX model", "unknown.onnx", "NoSuchOperation", "--plugins", model=model)
        self.assertNotRegex(result.stderr, r"\.cpp:\d+")


class BadPlaces(ConvertTest):
    def check_not_built(self, code, *parts, **settings):
        """Refused before the build, which may take long."""
        result = self.check_refused(code, *parts, **settings)
        self.assertNotIn("Building", result.stderr)

    def test_folder(self):
        self.engine = self.folder
        self.check_not_built(3, "Cannot write", "Is a directory", "Name a file")
        self.engine = self.folder + "/"
        self.check_not_built(3, "Cannot write", "Name a file")
        self.engine = ""
        self.check_not_built(3, "Cannot write ''", "Name a file")

    def test_folder_that_is_a_file(self):
        self.engine = self.model + "/x.engine"
        self.check_refused(3, "Cannot", "x.engine", "Not a directory")

    def test_file_system_that_takes_no_files(self):
        self.engine = "/proc/x.engine"
        self.check_not_built(3, "Cannot write '/proc/x.engine'")

    def test_read_only_folder(self):
        os.mkdir(self.path("locked"), 0o555)
        self.engine = self.path("locked/x.engine")
        settings = {}
        if os.geteuid() == 0:  # root may write everywhere
            os.chmod(self.folder, 0o755)
            settings = {"user": "nobody"}
            try:
                allowed = run("--version", **settings).returncode == 0
            except PermissionError:
                allowed = False
            if not allowed:
                self.skipTest("only root may run the program")
        self.check_not_built(3, "Permission denied", "permissions", **settings)

    def test_full_device(self):
        self.engine = "/dev/full"
        self.check_refused(3, "Cannot write '/dev/full': No space left on device.", "Free some space")

    def in_namespace(self, mount, *command):
        """Runs a command where `mount`, a shell command, has changed the file system at `$1`."""
        place = self.path("place")
        os.makedirs(place, exist_ok=True)
        script = f'{mount} || exit 99; shift; "$@"; code=$?; ls -A "$0" >&2; exit $code'
        result = subprocess.run(
            ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else []), "bash", "-c", script, place, place, *command],
            capture_output=True, text=True, timeout=100, check=False, env=clean_environment()
        )
        if result.returncode == 99 or "unshare" in result.stderr:
            self.skipTest("no file systems may be mounted here")
        return result

    @unittest.skipUnless(shutil.which("unshare"), "unshare is not installed")
    def test_no_space_left(self):
        large = self.write("large.onnx", engines.large_model())
        result = self.in_namespace('mount -t tmpfs -o size=1m none "$1"', PROGRAM, "convert", large, "-o", self.path("place/x.engine"))
        self.check(result, 3, stdout="", stderr=["Cannot write", "place/x.engine': No space left on device.", "Free some space"])
        self.assertEqual(result.stderr.count("[!]"), 1, result.stderr)
        self.assertTrue(result.stderr.endswith("more.\n"), result.stderr)  # and no file is listed after that

    @unittest.skipUnless(shutil.which("unshare"), "unshare is not installed")
    def test_read_only_file_system(self):
        result = self.in_namespace('mount -t tmpfs -o ro none "$1"', PROGRAM, "convert", self.model, "-o", self.path("place/x.engine"))
        self.check(result, 3, stdout="", stderr=["Cannot write", "Read-only file system", "another file system"])
        self.assertNotIn("Building", result.stderr)

    def test_limit_on_file_sizes(self):
        large = self.write("large.onnx", engines.large_model())
        self.write("x.engine", b"old")
        limit = (1 << 20, 1 << 20)
        self.check_refused(3, "Cannot write", "File too large", "ulimit -f", model=large,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
        self.assertEqual(self.read("x.engine"), "old")


if __name__ == "__main__":
    unittest.main()
