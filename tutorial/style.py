"""Colours and line styles of the picture, light and dark: one table for the still SVG and the live view.

Each state has a glyph, a line style, a word and a colour; the colours were chosen by computation (contrast of each line with
page, band and own fill at least 3:1, of text at least 4.5:1, apart under simulated colour blindness), and
tests/unit/test_picture.py computes the contrasts again.
"""
from __future__ import annotations

from collections.abc import Callable

SCOPE = ".kstate-picture"                                    # styles of an inlined SVG hold for the whole page
FONT = '"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif'

# colour -> (light, dark)
COLOURS = {
    "page": ("#ffffff", "#0f141b"), "band": ("#f6f8fa", "#151b24"), "text": ("#111827", "#e8ecf2"), "muted": ("#4b5563", "#a3aebb"),
    "edge": ("#7b8794", "#7a8794"),
    "ready": ("#0b3c7a", "#bfe3ff"), "ready-fill": ("#dce9f7", "#14283d"),
    "waiting": ("#ae7300", "#f7b917"), "waiting-fill": ("#fff4d9", "#2b2310"),
    "blocked": ("#6b1a08", "#d8432a"), "blocked-fill": ("#f6ddd6", "#2a1512"),
    "going": ("#c81fc0", "#f04af0"), "going-fill": ("#fce8fb", "#2a152c"),
    "idle": ("#76818e", "#7a8794"), "idle-fill": ("#f1f3f5", "#171e27"),
}

# state -> (the word in the legend, line width, dashes)
STATES = {"ready": ("ready", 2, ""), "waiting": ("waiting", 2, "6 4"), "blocked": ("blocked", 3, ""), "going": ("going away", 2, "2 3"),
          "idle": ("idle", 1, "")}

# edge -> (the word in the legend, line width, dashes)
EDGES = {"owns": ("owns", 1.2, ""), "selects": ("selects", 1.2, "5 4"), "mounts": ("uses", 2, "2 2.5"), "binds": ("bound", 4, ""),
         "provisioned-by": ("class", 1, "")}

GLYPH = "stroke-width:2;stroke-linecap:round;stroke-linejoin:round"

FORM = f"""
{{}} text{{font-family:{FONT};stroke:none}}
{{}} .heading{{font-size:11px;font-weight:600;letter-spacing:.03em}}
{{}} .name{{font-size:13px;font-weight:700}}
{{}} .small{{font-size:11.5px;font-weight:700}}
{{}} .word{{font-size:12px}}
{{}} .detail,{{}} .legend{{font-size:11px}}
{{}} .inner{{fill:none;stroke-width:1}}
{{}} .glyph{{{GLYPH}}}
{{}} .ghost .outline{{stroke-dasharray:1.5 4;stroke-linecap:round}}
{{}} .edge{{fill:none}}
""".strip().replace("{}", SCOPE)


def rules(paint: Callable[[str], str]) -> str:
    """The style sheet of the drawing; `paint` gives the CSS of a colour's name."""
    lines = [FORM]
    for state, (_word, width, dashes) in STATES.items():
        lines.append(f"{SCOPE} .{state} .outline{{stroke-width:{width}{_dashes(dashes)}}}")
    for edge, (_word, width, dashes) in EDGES.items():
        lines.append(f"{SCOPE} .{edge}{{stroke-width:{width}{_dashes(dashes)}}}")
    return "\n".join(lines + [colours(paint)])


def colours(paint: Callable[[str], str]) -> str:
    """The part of the style sheet that differs between light and dark."""
    lines = [f"{SCOPE} .page{{fill:{paint('page')}}}", f"{SCOPE} .band{{fill:{paint('band')}}}",
             f"{SCOPE} .name,{SCOPE} .small,{SCOPE} .word{{fill:{paint('text')}}}", f"{SCOPE} .heading,{SCOPE} .detail,{SCOPE} .legend{{fill:{paint('muted')}}}",
             f"{SCOPE} .edge{{stroke:{paint('edge')}}}", f"{SCOPE} .binds{{stroke:{paint('ready')}}}"]
    for state in STATES:
        line = paint(state)
        lines.append(f"{SCOPE} .{state} .outline{{stroke:{line};fill:{paint(state + '-fill')}}}")
        lines.append(f"{SCOPE} .{state} .inner{{stroke:{line}}}")
        lines.append(_glyph(SCOPE, state, paint))
    lines.append(f"{SCOPE} .ghost .outline{{fill:{paint('page')}}}")
    return "\n".join(lines)


def glyphs(scope: str, paint: Callable[[str], str]) -> list[str]:
    """The rules of the states' glyphs for another place than the drawing."""
    return [f"{scope} .glyph{{{GLYPH}}}", *(_glyph(scope, state, paint) for state in STATES)]


def _glyph(scope: str, state: str, paint: Callable[[str], str]) -> str:
    line = paint(state)
    return f"{scope} .{state} .glyph{{stroke:{line};fill:{line if state in ('ready', 'waiting') else 'none'}}}"


def light(name: str) -> str:
    return COLOURS[name][0]


def dark(name: str) -> str:
    return COLOURS[name][1]


def either(name: str) -> str:
    """The colour for the `color-scheme` of the element, which follows the page's theme."""
    return f"light-dark({light(name)},{dark(name)})"


def _dashes(dashes: str) -> str:
    return f";stroke-dasharray:{dashes}" if dashes else ""
