"""src/onnx/float_operators.inc says of every operator what the operators' definitions in the Python package onnx say.

    POLYGRAPH_PEER=venv/bin/python python3 tests/conformance/float_operators.py          compare
    POLYGRAPH_PEER=venv/bin/python python3 tests/conformance/float_operators.py --write  write the table anew
"""

import os
import pathlib
import subprocess
import sys
import unittest

TABLE = pathlib.Path(__file__).parent.parent.parent / "src" / "onnx" / "float_operators.inc"
PEER = os.environ.get("POLYGRAPH_PEER", "python3")

PEER_PROGRAM = '''
from onnx import defs

FLOAT = "tensor(float)"
VARIADIC = defs.OpSchema.FormalParameterOption.Variadic


def encode(schema):
    """The parameters, a letter each (see float_operators.h), and what the type variables allow."""
    allowed = {c.type_param_str: set(c.allowed_type_strs) for c in schema.type_constraints}
    variables = {}

    def letter(parameter):
        types = allowed.get(parameter.type_str, {parameter.type_str})
        if FLOAT not in types:
            is_list = any("(seq(" in t or t.startswith(("seq(", "optional(")) for t in types)
            return "S" if is_list and any("float)" in t for t in types) else "-"
        if parameter.type_str not in allowed:
            return "F"
        if parameter.type_str not in variables:
            both = ("tensor(float16)" in types) + 2 * ("tensor(bfloat16)" in types)
            variables[parameter.type_str] = (chr(ord("a") + len(variables)), str(both))
        return variables[parameter.type_str][0]

    def letters(parameters):
        text = "".join(letter(p) for p in parameters)
        return text + "*" if parameters and parameters[-1].option == VARIADIC else text

    inputs, outputs = letters(schema.inputs), letters(schema.outputs)
    return f'"{inputs}", "{outputs}", "{"".join(v[1] for v in variables.values())}"'


schemas = [s for s in defs.get_all_schemas_with_history() if s.domain == ""]
previous = None
for schema in sorted(schemas, key=lambda s: (s.name, s.since_version)):
    row = (schema.name, encode(schema))
    if row != previous:
        print(f'{{"{row[0]}", {schema.since_version}, {row[1]}}},')
    previous = row
'''


def official_table():
    return subprocess.run([PEER, "-c", PEER_PROGRAM], stdout=subprocess.PIPE, text=True, check=True).stdout


class FloatOperators(unittest.TestCase):
    maxDiff = None

    def test_table_is_the_official_one(self):
        self.assertEqual(TABLE.read_text(), official_table())


if __name__ == "__main__":
    if "--write" in sys.argv:
        TABLE.write_text(official_table())
    else:
        unittest.main()
