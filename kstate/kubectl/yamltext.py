"""Objects as YAML and JSON text, in the form that kubectl prints: keys sorted, lists not indented, doubtful strings quoted."""
from __future__ import annotations

import json
import re
from typing import Any, ClassVar

import yaml

_PRINTED = re.compile(r'[ -!#-\[\]-~\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffe]')
_TAG = "tag:yaml.org,2002:str"
# What the YAML library of kubectl would read as something else than text, and therefore quotes.
_NOT_TEXT = re.compile(r"""
    | ~ | null | Null | NULL
    | y | Y | yes | Yes | YES | n | N | no | No | NO | on | On | ON | off | Off | OFF
    | true | True | TRUE | false | False | FALSE
    | [-+]?\.(inf|Inf|INF) | \.(nan|NaN|NAN)
    | [-+]?(0b[01_]+ | 0o[0-7_]+ | 0x[0-9a-fA-F_]+ | [0-9][0-9_]*)
    | [-+]?(\.[0-9_]+ | [0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?
    | [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
    | \d{4}-\d{1,2}-\d{1,2}([Tt\ ]\ *\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?([Zz]|\ *[-+]\d\d:\d\d)?)?
""", re.VERBOSE)


class _Dumper(yaml.SafeDumper):
    """Writes every scalar as plain text or quoted as `_represent_text` says; PyYAML's own idea of what is no text is not asked."""

    yaml_implicit_resolvers: ClassVar[dict] = {}

    def ignore_aliases(self, _data: Any) -> bool:
        return True

    def analyze_scalar(self, scalar: str) -> Any:
        found = super().analyze_scalar(scalar)
        if scalar and max(scalar) > "\uffff":       # kubectl's library escapes these
            found.allow_flow_plain = found.allow_block_plain = found.allow_single_quoted = found.allow_block = False
        return found

    def write_double_quoted(self, text: str, split: bool = True) -> None:
        """As PyYAML does it, but long text is broken at blanks only."""
        self.write_indicator('"', True)
        spaces = False
        for i, character in enumerate(text):
            blank = split and character == " "
            if blank and not spaces and self.column > self.best_width and 0 < i < len(text) - 1:
                self.write_indent()
                if text[i + 1] == " ":
                    self._put("\\")
            else:
                self._put(_escape(character))
            spaces = blank
        self.write_indicator('"', False)

    def _put(self, data: str) -> None:
        self.column += len(data)
        self.stream.write(data)


def _escape(character: str) -> str:
    if _PRINTED.match(character):
        return character
    if character in yaml.emitter.Emitter.ESCAPE_REPLACEMENTS:
        return "\\" + yaml.emitter.Emitter.ESCAPE_REPLACEMENTS[character]
    code = ord(character)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _represent_text(_dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return yaml.ScalarNode(_TAG, text, style="|" if "\n" in text else '"' if _NOT_TEXT.fullmatch(text) else None)


def _represent_plain(_dumper: yaml.SafeDumper, value: Any) -> yaml.Node:
    return yaml.ScalarNode(_TAG, json.dumps(value))


def _represent_map(dumper: yaml.SafeDumper, value: dict) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", sorted(value.items(), key=lambda item: _natural(item[0])))


def _natural(key: str) -> list:
    """Keys sort with numbers by value, letters after everything else."""
    parts = re.findall(r"[0-9]+|.", key, re.DOTALL)
    return [(1, int(part), part) if part.isdecimal() else (2 if part.isalpha() else 0, 0, part) for part in parts]


_Dumper.add_representer(str, _represent_text)
_Dumper.add_multi_representer(dict, _represent_map)
_Dumper.add_representer(dict, _represent_map)
_Dumper.add_multi_representer(list, yaml.SafeDumper.represent_list)
for _type in (type(None), bool, int, float):
    _Dumper.add_representer(_type, _represent_plain)


def to_yaml(value: Any) -> str:
    """{"b": [1], "a": "yes"} -> 'a: "yes"\\nb:\\n- 1\\n'"""
    return yaml.dump(value, Dumper=_Dumper, allow_unicode=True, default_flow_style=False, width=80)


def to_json(value: Any) -> str:
    """Four spaces a level, keys sorted, and the characters escaped that mean something in HTML."""
    return _escaped(json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False))


def compact(value: Any) -> str:
    """The same on one line without blanks."""
    return _escaped(json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False))


def _escaped(text: str) -> str:
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
