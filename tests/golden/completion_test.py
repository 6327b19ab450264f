"""Completion scripts, in the shells that are installed."""

import os
import shutil
import subprocess
import unittest

from program import ProgramTest, clean_environment, run


def has(shell):
    return unittest.skipUnless(shutil.which(shell), f"{shell} is not installed")


class Completion(ProgramTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("models"))
        self.scripts = {}
        for shell in ("bash", "zsh", "fish"):
            result = run("completion", shell)
            self.check(result, 0, stderr="")
            self.scripts[shell] = self.write("script." + shell, result.stdout.encode())

    def shell(self, *command):
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=60, cwd=self.folder, check=False, env=clean_environment()
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout.split("\n")[:-1]

    def test_unknown_shell(self):
        self.check_error(run("completion", "tcsh"), 2, "'tcsh'", "bash, zsh, fish")

    def bash(self, *words):
        """What bash offers for the last word."""
        script = (
            'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _polygraph; '
            'for word in "${COMPREPLY[@]}"; do printf "%s\\n" "$word"; done'
        )
        return self.shell("bash", "-c", script, self.scripts["bash"], "polygraph", *words)

    @has("bash")
    def test_bash(self):
        self.assertEqual(self.bash("ins"), ["inspect"])
        self.assertEqual(self.bash("inspect", ""), ["capability", "data", "diff-tactics", "model", "plan", "sparsity", "tactics"])
        self.assertEqual(self.bash("inspect", "model", "--sh"), ["--show"])
        self.assertEqual(self.bash("inspect", "model", "m", "--show", ""), ["layers", "attrs", "weights"])
        self.assertEqual(self.bash("inspect", "model", "m", "--show", "layers", "a"), ["attrs"])
        self.assertEqual(self.bash("inspect", "model", "m", "--show", "=", "l"), ["layers"])
        self.assertEqual(self.bash("inspect", "model", "m", "--show", "="), ["layers", "attrs", "weights"])
        self.assertEqual(self.bash("inspect", "model", "ident"), ["identity.onnx"])
        self.assertEqual(self.bash("inspect", "model", "--model-type", ""), ["engine", "plan", "onnx"])
        self.assertEqual(self.bash("inspect", "model", "-v", "ident"), ["identity.onnx"])
        self.assertEqual(self.bash("inspect", "model", "m", "--log-file", "ident"), ["identity.onnx"])
        self.assertEqual(self.bash("inspect", "model", "--", "--sh"), [])
        self.assertEqual(self.bash("completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(self.bash("help", "ver"), ["version"])

    @has("bash")
    def test_bash_keeps_spaces_in_file_names(self):
        self.write("my model.onnx", b"")
        self.assertEqual(self.bash("inspect", "model", "my"), ["my model.onnx"])

    @has("zsh")
    def test_zsh_script_is_understood(self):
        self.shell("zsh", "-n", self.scripts["zsh"])
        functions = self.shell(
            "zsh", "-fc", 'autoload -U compinit && compinit -D && source "$1" && print -l ${(k)functions[(I)_polygraph*]} && '
            "print $_comps[polygraph]", "zsh", self.scripts["zsh"]
        )
        self.assertIn("_polygraph_inspect_model", functions)
        self.assertEqual(functions[-1], "_polygraph")

    def fish(self, line):
        lines = self.shell("fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", self.scripts["fish"], line)
        return [offered.split("\t")[0] for offered in lines]

    @has("fish")
    def test_fish(self):
        self.assertEqual(self.fish("polygraph ins"), ["inspect"])
        self.assertEqual(self.fish("polygraph inspect "), ["capability", "data", "diff-tactics", "model", "sparsity", "tactics"])
        self.assertEqual(self.fish("polygraph inspect model --sh"), ["--show"])
        self.assertEqual(self.fish("polygraph inspect model m --show "), ["attrs", "layers", "weights"])
        self.assertIn("identity.onnx", self.fish("polygraph inspect model ident"))
        self.assertEqual(sorted(self.fish("polygraph completion ")), ["bash", "fish", "zsh"])


if __name__ == "__main__":
    unittest.main()
