"""What run_docs.py takes out of a page, and that it refuses what is not so."""

import pathlib
import tempfile
import unittest

import run_docs


class BlocksTest(unittest.TestCase):
    def test_blocks_with_kind_lines_and_number(self):
        blocks = run_docs.blocks_of("text\n```sh norun\nmake\n```\n\n- item\n  ```cpp   run\n  int x;\n    y\n  ```\n")
        self.assertEqual([(b.kind, b.lines, b.number) for b in blocks],
                         [("sh norun", ["make"], 3), ("cpp run", ["int x;", "  y"], 8)])

    def test_unknown_kind_is_refused(self):
        for page in ("```bash\nls\n```\n", "```\nls\n```\n", "```cpp rnu\n```\n"):
            with self.assertRaisesRegex(run_docs.Failure, "1: unknown kind"):
                run_docs.blocks_of(page)

    def test_block_that_is_not_closed(self):
        with self.assertRaisesRegex(run_docs.Failure, "2: the block is not closed"):
            run_docs.blocks_of("text\n```sh\nls\n")


class CommandsTest(unittest.TestCase):
    def commands(self, *lines):
        return run_docs.commands_of(run_docs.Block("console", list(lines), 5))

    def test_commands_and_output(self):
        self.assertEqual(self.commands("$ a", "x", "", "$ b \\", "> c", "$ d"),
                         [(5, "a", ["x", ""]), (8, "b \\\nc", []), (10, "d", [])])

    def test_output_without_command(self):
        with self.assertRaisesRegex(run_docs.Failure, "5: a console block begins with a command"):
            self.commands("x", "$ a")
        with self.assertRaisesRegex(run_docs.Failure, "without a command"):
            self.commands()


class CompareTest(unittest.TestCase):
    def same(self, expected, actual):
        run_docs.compare(1, "command", expected.split("\n"), actual)

    def different(self, expected, actual):
        with self.assertRaises(run_docs.Failure):
            self.same(expected, actual)

    def test_text(self):
        self.same("a\n b", "a\n b\n")
        self.same("a\n\n", "a \n")
        self.same("", "anything\n")
        self.different("a", "a\nb\n")
        self.different("a\nb", "a\n")
        self.different("a.b", "acb\n")

    def test_any_text_within_a_line(self):
        self.same("took ... s", "took 0.1 s\n")
        self.same("...x", "x\n")
        self.different("took ... s", "took 0.1\n s\n")
        self.different("took ... s", "took 0.1 s.\n")

    def test_any_number_of_lines(self):
        self.same("a\n...\nb", "a\nb\n")
        self.same("a\n...\nb", "a\n1\n2\nb\n")
        self.same("...\nb", "a\nb\n")
        self.same("a\n...", "a\n")
        self.different("a\n...\nb", "a\n1\nb\nc\n")

    def test_log_lines_are_recognised(self):
        self.assertTrue(run_docs.shows_log(["x", "[!] y"]))
        self.assertFalse(run_docs.shows_log(["[[[1. 1.]]]", "x [I] "]))


class LinksTest(unittest.TestCase):
    def test_links(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder, "page.md")
            page.write_text("", encoding="utf-8")
            good = "[a](page.md) [b](page.md#x) [c](#y) [d](https://a.b/c)\n```text\n[e](nowhere.md)\n```\n"
            run_docs.check_links(page, good, folder)
            with self.assertRaisesRegex(run_docs.Failure, "nowhere.md"):
                run_docs.check_links(page, "[e](nowhere.md)", folder)


if __name__ == "__main__":
    unittest.main()
