"""A box of widgets that also has a face without a front end: text for terminals, nbval and screen readers."""
from __future__ import annotations

import re
from html import escape

import ipywidgets as widgets


class Panel(widgets.VBox):
    """A VBox whose MIME bundle carries, beside the live widget, the same facts as text and HTML."""

    def text(self) -> str:
        """What this panel says, as plain text; the same on every run."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options) or {}
        data = dict(bundle[0] if isinstance(bundle, tuple) else bundle)
        data["text/plain"] = self.text()
        data["text/html"] = f"<pre>{escape(self.text())}</pre>"
        return data


# What is good and bad, mixed with the theme's own colour of text: readable on a light page and on a dark one.
COLOURS = {"good": "color-mix(in srgb, #0B3C7A 65%, var(--jp-content-font-color1, black))",
           "bad": "color-mix(in srgb, #A3260B 65%, var(--jp-content-font-color1, black))", "note": "var(--jp-content-font-color2, #57606A)"}


def html(text: str, sort: str = "") -> widgets.HTML:
    """Escaped text as a widget, `code` in backticks; sort names its look: good, bad, note."""
    shown = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    return widgets.HTML(f'<div style="white-space:pre-wrap;line-height:1.45;color:{COLOURS.get(sort, "inherit")}">{shown}</div>')


def button(label: str, act, tip: str = "") -> widgets.Button:
    found = widgets.Button(description=label, tooltip=tip or label, layout=widgets.Layout(width="auto"))
    found.on_click(lambda _: act())
    return found
