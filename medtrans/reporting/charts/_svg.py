"""A matplotlib figure as inline SVG with the font and the colours of the page, in light and dark mode.

Figures are drawn with placeholder colours, each of which stands for a CSS variable.
"""

from __future__ import annotations

import io
from xml.etree import ElementTree

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, QUIET, LINE, FIRST, SECOND, MARK = (f"#0101{number:02x}" for number in range(1, 7))
VARIABLES = {INK: "ink", QUIET: "quiet", LINE: "line", FIRST: "first", SECOND: "second", MARK: "mark"}
"""Placeholder colour → name of the CSS variable."""
METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
UNUSED = ("metadata", "style")
"""Elements that the page does not need."""


def to_svg(figure: Figure, name: str) -> str:
    """The figure as inline SVG without size, font or fixed colours; `name` makes its ids unique in the page."""
    FigureCanvasSVG(figure)
    text = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "axes.unicode_minus": True}):
        figure.savefig(text, format="svg", metadata=METADATA)
    root = ElementTree.fromstring(text.getvalue())
    _simplify(root)
    root.attrib = {"viewBox": root.attrib["viewBox"], "aria-hidden": "true", "focusable": "false"}
    svg = ElementTree.tostring(root, encoding="unicode")
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var(--{variable})")
    return svg


def _simplify(element: ElementTree.Element) -> None:
    """Remove namespaces, unused elements, ids of groups, and fonts, in place: the style sheet sets the font."""
    element.tag = _local(element.tag)
    element.attrib = {_local(key): value for key, value in element.attrib.items()}
    if element.tag == "g":
        element.attrib.pop("id", None)
    if element.tag == "text":
        declarations = element.attrib.get("style", "").split(";")
        element.attrib["style"] = ";".join(part for part in declarations if not part.strip().startswith("font"))
    for child in list(element):
        if _local(child.tag) in UNUSED:
            element.remove(child)
        else:
            _simplify(child)


def _local(name: str) -> str:
    """The name without its XML namespace."""
    return name.rpartition("}")[2]
