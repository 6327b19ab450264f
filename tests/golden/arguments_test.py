"""Command lines that are wrong, abbreviated or unusual."""

import unittest

from program import ProgramTest, run, run_on_terminal, tools


class Arguments(ProgramTest):
    def test_no_tool(self):
        self.check_error(run(), 2, "No tool given for 'polygraph'.", "inspect", "usage: polygraph")
        self.check_error(run("inspect"), 2, "No tool given for 'polygraph inspect'.", "model")

    def test_unknown_tool_suggests_the_nearest(self):
        self.check_error(run("inspct"), 2, "Unknown tool 'inspct'", "Did you mean 'inspect'?", "usage: polygraph ")
        self.check_error(run("inspect", "modl"), 2, "Did you mean 'model'?", "usage: polygraph inspect ")

    def test_unknown_option_suggests_the_nearest(self):
        self.check_error(run("inspect", "model", "--shwo"), 2, "Unknown option '--shwo'", "Did you mean '--show'?")
        self.check_error(run("inspect", "model", "-x"), 2, "Unknown option '-x'", "usage: polygraph inspect model")
        for words in tools():
            self.check_error(run(*words, "--no-such-option"), 2, "--no-such-option", "usage: ")

    def test_abbreviations(self):
        whole = run("inspect", "model", self.model, "--show", "layers", "--verbosity", "error")
        self.check(whole, 0, stdout="Identity")
        short = run("inspect", "model", self.model, "--sh", "layers", "--verbosi", "error")
        self.assertEqual(short.stdout, whole.stdout)

    def test_ambiguous_abbreviation(self):
        result = run("inspect", "model", self.model, "--verbos")
        self.check_error(result, 2, "Ambiguous option '--verbos': it could be --verbose, --verbosity.")

    def test_invalid_choice(self):
        result = run("inspect", "model", self.model, "--show", "layer")
        self.check_error(result, 2, "Invalid value 'layer' for --show", "'layers'", "layers, attrs, weights")
        self.assertNotIn("MODEL_FILE,", result.stderr)
        result = run("inspect", "model", "--show", "layers", self.model)
        self.check_error(result, 2, "put it before the options or after '--'")
        self.check_error(run("inspect", "model", self.model, "--model-type", "caffe"), 2, "'caffe'", "onnx")

    def test_missing_arguments(self):
        self.check_error(run("inspect", "model"), 2, "needs MODEL_FILE", "usage: polygraph inspect model")
        self.check_error(run("inspect", "model", "--json", self.model), 2, "was read as a value of --json")
        self.check_error(run("inspect", "model", self.model, "--show"), 2, "Option --show needs a value")
        self.check_error(run("completion"), 2, "needs {bash,zsh,fish}")

    def test_extra_argument(self):
        self.check_error(run("inspect", "model", self.model, "b.onnx"), 2, "Unexpected argument 'b.onnx'")

    def test_order_of_options_and_arguments_is_free(self):
        texts = {
            run("inspect", "model", self.model, "--show", "layers", "attrs").stdout,
            run("inspect", "model", "--show", "layers", "attrs", "--", self.model).stdout,
            run("inspect", "model", "--show=layers", "--show=attrs", self.model).stdout,
            run("inspect", "model", "--show", "ATTRS", "layers", "-v", self.model).stdout,
        }
        self.assertEqual(len(texts), 1)

    def test_long_messages_break_at_words_on_a_terminal(self):
        code, text = run_on_terminal("inspect", "model", "x" * 70, "--unknown", environment={"COLUMNS": "50", "NO_COLOR": "1"})
        self.assertEqual(code, 2)
        self.assertTrue(all(len(line) <= 50 for line in text.splitlines()), text)
        self.assertTrue(text.startswith("[!] Unknown option '--unknown'"), text)

    def test_arguments_that_are_not_utf8_or_very_long(self):
        self.assertEqual(run("inspect", "model", "\udcff\udcfe.onnx", errors="surrogateescape").returncode, 3)
        self.check_error(run("x" * 100_000), 2, "Unknown tool")
        self.check_error(run("inspect", "model", "x" * 100_000), 3, "File name too long")


if __name__ == "__main__":
    unittest.main()
