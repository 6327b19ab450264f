"""Help, version and manual pages."""

import re
import shlex
import shutil
import subprocess
import unittest

from program import ProgramTest, identity_model, run, run_on_terminal, tools


class Help(ProgramTest):
    def test_tools(self):
        for words in ([], ["inspect"], ["inspect", "model"], ["completion"], ["man"], ["help"], ["version"]):
            self.assertIn(words, tools())

    def test_every_tool_has_help_that_begins_with_an_example(self):
        for words in tools():
            with self.subTest(tool=words):
                result = run(*words, "-h")
                self.check(result, 0, stderr="")
                self.assertRegex(result.stdout, r"\AExamples?:\n  .*polygraph ")
                self.assertIn("usage: " + " ".join(["polygraph", *words]), result.stdout)
                self.assertIn("  -h, --help ", result.stdout)

    def test_three_ways_to_the_same_help(self):
        for words in tools():
            with self.subTest(tool=words):
                texts = {run(*words, "-h").stdout, run(*words, "--help").stdout, run("help", *words).stdout}
                self.assertEqual(len(texts), 1)

    def test_help_fits_the_width(self):
        for words in tools():
            for width in (60, 80, 120):
                with self.subTest(tool=words, width=width):
                    text = run(*words, "-h", environment={"COLUMNS": str(width)}).stdout
                    too_long = [line for line in text.splitlines() if len(line) > width and len(line.split()) > 1]
                    self.assertEqual(too_long, [])

    def test_nonsense_in_columns_is_ignored(self):
        for columns in ("", "abc", "-5", "0", "1e3", "99999999999999999999"):
            self.assertEqual(run("-h", environment={"COLUMNS": columns}).stdout, run("-h").stdout)

    def test_examples_of_help_are_understood(self):
        self.write("model.onnx", identity_model())
        for words in tools():
            text = re.sub(r"^(  polygraph .*)\n  (?=[^ p])", r"\1 ", run(*words, "-h").stdout, flags=re.MULTILINE)
            for line in text.splitlines():
                if line.startswith("  polygraph ") and ">" not in line and "|" not in line:
                    with self.subTest(line=line):
                        arguments = shlex.split(line)[1:]
                        # 1 and 3: what the example names is not in this model; 4: an engine is missing.
                        self.assertIn(run(*arguments, cwd=self.folder).returncode, (0, 1, 3, 4))

    def test_headings_are_bold_on_a_terminal_only(self):
        code, text = run_on_terminal("-h")
        self.assertEqual(code, 0)
        self.assertIn("\x1b[1mTools\x1b[0m:", text)
        self.assertNotIn("\x1b", run("-h").stdout)
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.assertNotIn("\x1b", run_on_terminal("-h", environment=environment)[1])

    def test_help_of_an_unknown_tool(self):
        self.check_error(run("help", "inspect", "modle"), 2, "There is no tool 'modle' in 'polygraph inspect'", "'model'")
        self.check_error(run("help", "version", "x"), 2, "It has no tools.")


class Version(ProgramTest):
    def test_four_ways_to_the_version(self):
        texts = {run(*words).stdout for words in (["-v"], ["--version"], ["--vers"], ["version"])}
        self.assertEqual(len(texts), 1)
        lines = texts.pop().splitlines()
        self.assertRegex(lines[0], r"^Polygraph \d+\.\d+\.\d+$")
        self.assertEqual(len(lines), 5)
        self.assertRegex(lines[1].lower(), r"^openvino")
        self.assertRegex(lines[2].lower(), r"^(onnx runtime|onnxrt)")
        self.assertRegex(lines[3].lower(), r"^(tensorrt |trt:)")
        self.assertRegex(lines[4].lower(), r"^(tensorrt-rtx |trt-rtx:)")

    def test_a_module_that_cannot_be_loaded_is_named(self):
        module = self.write("libpolygraph-openvino.so", b"not a library")
        result = run("version", environment={"POLYGRAPH_BACKEND_PATH": "/nonexistent:" + self.folder})
        self.check(result, 0, stdout=["openvino: not available.", "Cannot load " + module], stderr="")


class ManPages(ProgramTest):
    def test_every_tool_has_a_page(self):
        for words in tools():
            with self.subTest(tool=words):
                result = run("man", *words)
                self.check(result, 0, stdout=[".SH NAME\n", ".SH SYNOPSIS\n", ".SH EXIT STATUS\n"], stderr="")

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_pages_have_no_warnings(self):
        for words in tools():
            with self.subTest(tool=words):
                page = run("man", *words).stdout
                result = subprocess.run(
                    ["groff", "-man", "-ww", "-Tascii", "-P-cbuo"], input=page, capture_output=True, text=True, check=True
                )
                self.assertEqual(result.stderr, "")
                self.assertIn("--help", result.stdout)

    def test_page_of_an_unknown_tool(self):
        self.check_error(run("man", "inspekt"), 2, "There is no tool 'inspekt' in 'polygraph'. Did you mean 'inspect'?")


if __name__ == "__main__":
    unittest.main()
