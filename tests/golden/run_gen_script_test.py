"""`polygraph run --gen-script`: programs that are written, built with CMake and run, beside the commands they stand for."""

import os
import pathlib
import re
import subprocess
import unittest

from program import PROGRAM, clean_environment, run
from run_scripts_test import SCRIPT
from run_test import LOG, needs_onnxruntime
from trt_test import has_rtx
from text_models import CHAIN, ModelTest

# What a program is called: the arguments of its command line, and its exit status.
COMMANDS = {
    "compared": (["chain.onnx", "--onnxrt", "--onnxrt", "--with", "graph_optimization_level=disabled", "--with", "intra_op_threads=1",
                  "--compare", "simple", "cosine_similarity", "top_k_agreement", "--atol", r'od"d\name:0.5', "1e-4", "--rtol", "y:1e-3",
                  "--check-error-stat", "max", "--top-k", "2", "--iterations", "3", "--seed", "7", "--val-range", "x:[-1,1.5]", "[0,2]",
                  "--input-shapes", "x:[2,3]", "--warm-up", "1", "--verbosity", "warning", "onnx:verbose"], 0),
    "saved": (["chain.onnx", "--onnxrt", "--iterations", "2", "--save-inputs", "in.npz", "--save-outputs", "out.json",
               "--save-input-blob", "raw"], 0),
    "loaded": (["chain.onnx", "--reference", "--with", "threads=1", "--load-inputs", "in.npz", "--load-outputs", "out.json",
                "--save-accuracy-results", "accuracy.json", "--junit", "report.xml", "--json", "report.json", "-v"], 0),
    "alone": (["--load-outputs", "out.json", "other.json", "--fail-fast"], 1),
    "changed": (["chain.onnx", "--onnxrt", "--reference", "--onnx-outputs", "a", "b", "--shape-inference", "--save-onnx", "changed.onnx",
                 "--use-subprocess", "--subprocess-timeout", "50"], 0),
    "validated": (["log.onnx", "--onnxrt", "--onnxrt", "--validate", "--val-range", "[-2,-1]", "--postprocess", "y:top-2,axis=0",
                   "--compare", "indices", "--index-tolerance", "1", "--sequential-runners", "--iterations", "2"], 1),
    "scripted": (["chain.onnx", "--onnxrt", "--onnxrt", "--data-loader-script", "mine.cpp", "--compare", "l2",
                  "--compare-func-script", "mine.cpp:same", "--postprocess-func-script", "mine.cpp"], 0),
    "failed": (["missing.onnx", "--onnxrt"], 3),
    "printed": (["chain.onnx", "--onnxrt", "--onnxrt", "--json", "-"], 0),
    "measured": (["chain.onnx", "--onnxrt", "--layer-times", "--iterations", "3", "--warm-up", "1"], 0),
    "measured_in_turn": (["chain.onnx", "--onnxrt", "--onnxrt", "--with", "time_layers", "--sequential-runners"], 0),
}
OPENVINO_COMMANDS = {
    "engines": (["chain.onnx", "--openvino", "--fp32", "--threads", "1", "--openvino", "--with", "performance_hint=throughput",
                 "--reference", "--openvino-outputs", "b", "--onnx-outputs", "*", "--atol", "1e-3"], 0),
    "engine": (["chain.engine", "--openvino", "--load-outputs", "out.json", "--iterations", "2", "--atol", "1e-3"], 0),
}

# Without a GPU the engine is built, and cannot be run.
TRT_COMMANDS = {
    "tensorrt": (["chain.onnx", "--trt-rtx", "--fp16", "--cuda-graphs", "off", "--trt-min-shapes", "x:[2,3]", "--trt-opt-shapes",
                  "x:[2,3]", "--trt-max-shapes", "x:[4,3]"], None),
    "several": (["chain.onnx", "--trt-rtx", "--openvino", "--onnxrt", "--fp32"], None),
}

SAME = """
compare::OutputResults same(const compare::IterationResult& first, const compare::IterationResult& second) {
  return {{"y", first.outputs["y"].shape() == second.outputs["y"].shape()}};
}
POLYGRAPH_SCRIPT(same)
"""


def verdicts(text):
    """The report without times."""
    text = re.sub(r"Completed (\d+) iteration\(s\) in .*", r"Completed \1 iteration(s)", text)
    text = re.sub(r'"(seconds|mean_seconds|least_seconds|most_seconds)": [^,\n]*', r'"\1": 0', text)
    # Which layer is the longest, and how wide columns are, is up to the times.
    text = re.sub(r"(\| Layer Times \| \d+ layers) took .* on average (of \d+)\n(    .*\n)+", r"\1 \2\n", text)
    return re.sub(r"Runtime: [0-9.]+s", "Runtime", text)


@needs_onnxruntime
class GenScript(ModelTest):
    def setUp(self):
        super().setUp()
        self.model_of(CHAIN, "chain.onnx")
        self.model_of(LOG, "log.onnx")
        self.write("missing.onnx", b"")
        self.write("mine.cpp", (SCRIPT + SAME).encode())

    def run_here(self, *arguments):
        return run(*arguments, cwd=self.folder)

    def build(self, commands):
        """Writes all programs, and builds them as one project."""
        folder = pathlib.Path(self.folder)
        for name, (arguments, _) in commands.items():
            self.check(self.run_here("run", *arguments, "--gen-script", f"programs/{name}/{name}.cpp"), 0, stdout="")
        (folder / "programs/CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.20)\nproject(all LANGUAGES CXX)\n" + "".join(f"add_subdirectory({name})\n" for name in commands))
        # Warnings would show that no person wrote it. The cache of a compiler that is there serves the next test.
        flags = "-O0 -Wall -Wextra -Werror " + os.environ["POLYGRAPH_TEST_CXXFLAGS"]
        environment = clean_environment(CXXFLAGS=flags, CCACHE_BASEDIR=self.folder, CCACHE_NOHASHDIR="1")
        for command in (["cmake", "-S", "programs", "-B", "build", f"-DCMAKE_CXX_COMPILER_LAUNCHER={os.environ['POLYGRAPH_TEST_LAUNCHER']}"],
                        ["cmake", "--build", "build", "-j2"]):
            built = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            self.assertEqual(built.returncode, 0, built.stdout + built.stderr)

    def run_program(self, name):
        return subprocess.run([os.path.join("build", name, name)], cwd=self.folder, env=clean_environment(), capture_output=True,
                              text=True, timeout=60, check=False)

    def test_programs_do_what_commands_do(self):
        # Saved outputs to load, with which nothing agrees.
        self.check(self.run_here("run", "chain.onnx", "--onnxrt", "--seed", "9", "--iterations", "2", "--save-outputs", "other.json"), 0)
        os.rename(self.path("missing.onnx"), self.path("there.onnx"))
        commands = dict(COMMANDS)
        if os.environ["POLYGRAPH_OPENVINO"] == "1":
            self.check(self.run_here("convert", "chain.onnx", "-o", "chain.engine"), 0)
            commands.update(OPENVINO_COMMANDS)
            if has_rtx():
                commands.update(TRT_COMMANDS)
        self.write("missing.onnx", b"")
        self.build(commands)
        os.remove(self.path("missing.onnx"))
        for name, (arguments, status) in commands.items():
            with self.subTest(name=name, arguments=arguments):
                command = self.run_here("run", *arguments)
                files = self.saved_files()
                program = self.run_program(name)
                if status is not None:
                    self.assertEqual(command.returncode, status, command.stdout + command.stderr)
                self.assertEqual(program.returncode, command.returncode, program.stdout + program.stderr)
                self.assertEqual(verdicts(program.stdout), verdicts(command.stdout))
                for file, content in files.items():
                    self.assertEqual(self.saved_files()[file], content, file)

    def saved_files(self):
        """What commands write, without times."""
        found = {}
        for path in sorted(pathlib.Path(self.folder).glob("*")) + sorted(pathlib.Path(self.folder).glob("raw/**/*.bin")):
            if path.suffix in (".json", ".xml"):
                text = re.sub(r'"(runtime|seconds|mean_seconds|least_seconds|most_seconds)": [^,\n]*|time="[^"]*"', "", path.read_text())
                found[str(path)] = text
            elif path.suffix in (".npz", ".bin") or path.name == "changed.onnx":
                found[str(path)] = path.read_bytes()
        return found

    def test_files_that_are_written(self):
        self.check(self.run_here("run", "chain.onnx", "--onnxrt", "--gen-script", "program/compare.cpp"), 0, stdout="", stderr="CMakeLists.txt")
        lists = self.read("program/CMakeLists.txt")
        self.assertIn("find_package(Polygraph REQUIRED COMPONENTS onnxrt)\nadd_executable(compare compare.cpp)\n", lists)
        # Once more, with other runners; the lists follow.
        self.check(self.run_here("run", "chain.onnx", "--reference", "--gen", "program/compare.cpp"), 0)
        self.assertIn("find_package(Polygraph REQUIRED)\n", self.read("program/CMakeLists.txt"))
        # Lists of another project stay.
        self.write("CMakeLists.txt", b"project(mine)\n")
        self.check_error(self.run_here("run", "chain.onnx", "--onnxrt", "--gen-script", "compare.cpp", "-q"), 3,
                         "'CMakeLists.txt' is there already", "folder of its own")
        self.assertFalse(os.path.exists(self.path("compare.cpp")))
        self.assertEqual(self.read("CMakeLists.txt"), "project(mine)\n")
        self.check_error(self.run_here("run", "chain.onnx", "--onnxrt", "--gen-script", "chain.onnx"), 2, "no name of a C++ program")

    def test_one_tensorrt_in_a_program(self):
        self.check_error(self.run_here("run", "chain.onnx", "--trt", "--trt-rtx", "--gen-script", "-"), 2,
                         "either TensorRT or TensorRT-RTX")

    def test_printed(self):
        printed = self.run_here("run", "chain.onnx", "--onnxrt", "--gen-script", "-")
        self.check(printed, 0, stdout=["polygraph run chain.onnx --onnxrt", "int main() try {\n"])
        # A command cannot leave its comment or its text.
        printed = self.run_here("run", "chain.onnx", "--onnxrt", "--junit", 'a\n#error "\\', "--gen-script", "-")
        self.assertIn('.junit = "a\\n#error \\"\\\\"', printed.stdout)
        self.assertFalse([line for line in printed.stdout.splitlines() if line.startswith("#error")])


if __name__ == "__main__":
    unittest.main()
