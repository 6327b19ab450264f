"""Standard output and standard error: closed, full, logged to a file, coloured."""

import os
import subprocess
import unittest

from program import PROGRAM, ProgramTest, clean_environment, run, run_on_terminal


def shell(command, *arguments):
    return subprocess.run(
        ["bash", "-c", command, PROGRAM, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=clean_environment(),
    )


class StandardOutput(ProgramTest):
    def test_reader_that_is_gone(self):
        for arguments in ("--help", "completion bash", "inspect model \"$1\"", "inspect model \"$1\" --json"):
            with self.subTest(arguments=arguments):
                result = shell(f"(sleep 0.1; \"$0\" {arguments}; echo $? >&2) | true", self.model)
                self.assertEqual(result.stderr, "0\n")

    def test_head(self):
        result = shell("set -o pipefail; \"$0\" completion bash | head -n 1")
        self.check(result, 0, stdout="# Completion of polygraph for bash", stderr="")

    def test_full_device(self):
        with open("/dev/full", "wb") as full:
            result = run("--help", stdout=full)
        self.assertEqual(result.returncode, 3)
        self.assertRegex(result.stderr, r"^\[!\] Cannot write to standard output: No space left on device\.")

    def test_closed(self):
        result = shell("\"$0\" inspect model \"$1\" >&-", self.model)
        self.check(result, 3, stderr="[!] Cannot write to standard output: Bad file descriptor.")
        # Nothing that is opened later takes the place of the closed stream.
        result = shell("\"$0\" inspect model \"$1\" --json \"$2\" >&- 2>&-", self.model, self.path("m.json"))
        self.assertEqual(result.returncode, 3)
        self.assertTrue(self.read("m.json").startswith("{"))

    def test_standard_error_may_be_closed(self):
        self.check(shell("\"$0\" inspect model \"$1\" -v 2>&-", self.model), 0, stdout="ONNX Model")


class Logging(ProgramTest):
    def inspect(self, *arguments, **options):
        return run("inspect", "model", self.model, *arguments, **options)

    def test_verbosity(self):
        self.check(self.inspect(), 0, stderr="")
        self.check(self.inspect("-v"), 0, stderr="[V] ")
        self.check(self.inspect("--verbosity", "verbose"), 0, stderr="[V] ")
        self.check(self.inspect("--verbosity", "cli:verbose"), 0, stderr="[V] ")
        self.check(self.inspect("--verbosity", "onnx:verbose"), 0, stderr="")
        self.check(self.inspect("--verbosity", "warning", "-vvv"), 0, stderr="")
        self.check(self.inspect("--silent", "-v"), 0, stderr="")
        self.check(run("inspect", "-v", "model", self.model), 0, stderr="[V] ")

    def test_unknown_level(self):
        self.check_error(self.inspect("--verbosity", "verbos"), 2, "--verbosity", "'verbos'", "'VERBOSE'")

    def test_silent_keeps_the_error_that_ends_the_command(self):
        self.check_error(run("inspect", "model", self.path("none"), "--silent"), 3, "none")

    def test_log_file(self):
        log = self.path("folder/polygraph.log")
        self.check(self.inspect("-v", "--log-file", log), 0, stderr="[V] ")
        self.assertIn("[V] ", self.read("folder/polygraph.log"))
        self.check_error(self.inspect("--log-file", "/proc/no/x.log"), 3, "/proc/no")

    def test_errors_go_to_the_log_file_too(self):
        run("inspect", "model", self.path("none"), "--log-file", self.path("x.log"))
        self.assertIn("[!] ", self.read("x.log"))

    def test_format(self):
        self.assertRegex(self.inspect("-v", "--log-format", "timestamp").stderr, r"\[V\] \(\d\d:\d\d:\d\d\) ")
        self.assertRegex(self.inspect("-v", "--log-format", "line-info").stderr, r"\[V\] \[cli/\w+\.cpp:\d+\] ")

    def test_colour_on_a_terminal_only(self):
        arguments = ("inspect", "model", self.model, "-v")
        self.assertIn("\x1b[", run_on_terminal(*arguments)[1])
        self.assertNotIn("\x1b[", run(*arguments).stderr)
        self.assertNotIn("\x1b[", run_on_terminal(*arguments, environment={"NO_COLOR": "1"})[1])
        self.assertNotIn("\x1b[", run_on_terminal(*arguments, "--log-format", "no-colors")[1])

    def test_answer_is_the_same_at_every_level(self):
        self.assertEqual({self.inspect(*options).stdout for options in ([], ["-v"], ["--silent"])}, {self.inspect().stdout})


if __name__ == "__main__":
    unittest.main()
