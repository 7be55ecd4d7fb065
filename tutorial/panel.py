"""A box of widgets that also has a face without a front end: text for terminals, nbval and screen readers."""
from __future__ import annotations

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


def html(text: str, sort: str = "") -> widgets.HTML:
    """Escaped text as a widget; sort names its look: good, bad, note."""
    colour = {"good": "#0B3C7A", "bad": "#6B1A08", "note": "#57606A"}.get(sort, "inherit")
    return widgets.HTML(f'<div style="white-space:pre-wrap;line-height:1.45;color:{colour}">{escape(text)}</div>')


def button(label: str, act, tip: str = "") -> widgets.Button:
    found = widgets.Button(description=label, tooltip=tip or label, layout=widgets.Layout(width="auto"))
    found.on_click(lambda _: act())
    return found
