"""Write edi's table of the 837P guide's shape from the map that pyx12 ships (BSD 3-clause).

Run by hand when pyx12 brings a newer map: python -m backoffice.sandbox.guide_837p_data OUTPUT.
Only usage, repeats, lengths, types and qualifiers are taken: no wording of the guide.
"""

import sys
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

Types = Mapping[str | None, tuple[str | None, ...]]

HEADING = """\
# The shape of an 837P (005010X222A1), made by backoffice/sandbox/guide_837p_data.py: don't edit.
# From pyx12's map, Copyright (c) John Holland, BSD 3-clause licence: redistributions of source or
# binary form must retain that notice, its conditions and its disclaimer (LICENSE.pyx12, beside).
# A loop:    @ID usage repeat            (usage R required, S situational; 0 is any number)
# A segment: ID usage repeat | element | ... ; indented below its loop
# "+" before a loop or segment: at the same place as the one before, so in any order with it
# An element: usage type shortest-longest codes; "-" is not used; {...} a composite
# "&" gives the syntax rules: P all or none, R one at least, E one at most, C and L conditional
"""


def main(output: Path) -> None:
    """Write the table to `output`."""
    maps = resources.files("pyx12") / "map"
    types = {
        each.get("ele_num"): (each.get("data_type"), each.get("min_len"), each.get("max_len"))
        for each in _parsed(maps / "dataele.xml").iter("data_ele")
    }
    guide = _parsed(maps / "837.5010.X222.A1.xml")
    whole = next(each for each in guide.iter("loop") if each.get("xid") == "ST_LOOP")
    output.write_text(HEADING + "\n".join(_loop(whole, 0, types)) + "\n", encoding="ascii")


def _parsed(path: Traversable) -> Element:
    return ElementTree.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 (as above)


def _loop(loop: Element, depth: int, types: Types) -> Iterator[str]:
    place = None
    for child in loop:
        if child.tag not in {"loop", "segment"}:
            continue
        pad = " " * depth + ("+" if _text(child, "pos") == place else "")
        place = _text(child, "pos")
        if child.tag == "segment":
            yield pad + _segment(child, types)
        elif child.get("type") == "wrapper":
            yield from _loop(child, depth, types)
        else:
            yield f"{pad}@{child.get('xid')} {_text(child, 'usage')} {_repeat(child, 'repeat')}"
            yield from _loop(child, depth + 1, types)


def _segment(segment: Element, types: Types) -> str:
    head = f"{segment.get('xid')} {_text(segment, 'usage')} {_repeat(segment, 'max_use')}"
    fields = [_field(each, types) for each in segment if each.tag in {"element", "composite"}]
    while fields and fields[-1] == "-":
        fields.pop()
    rules = [each.text or "" for each in segment if each.tag == "syntax"]
    return " | ".join([head, *fields, *([f"& {' '.join(rules)}"] if rules else [])])


def _field(node: Element, types: Types) -> str:
    usage = _text(node, "usage")
    if usage == "N":
        return "-"
    if node.tag == "composite":
        parts = [_field(each, types) for each in node if each.tag == "element"]
        while parts and parts[-1] == "-":
            parts.pop()
        repeat = _repeat(node, "repeat") if node.find("repeat") is not None else "1"
        return f"{usage} {repeat} {{{'; '.join(parts)}}}"
    kind, shortest, longest = types[_text(node, "data_ele")]
    codes = node.find("valid_codes")
    values = ",".join(each.text or "" for each in codes.iter("code")) if codes is not None else ""
    external = codes.get("external") if codes is not None else None
    named = values or (f"={external}" if external else "")
    return f"{usage} {kind} {shortest}-{longest} {named}".strip()


def _text(node: Element, tag: str) -> str:
    return (node.findtext(tag) or "").strip()


def _repeat(node: Element, tag: str) -> str:
    value = _text(node, tag)
    return "0" if value in {">1", "&gt;1", ""} else value


if __name__ == "__main__":
    main(Path(sys.argv[1]))
