"""Files that somebody could send to harm us, made by code, each with what becomes of it.

Those taken are kept: their bytes go back byte for byte, as a download that nothing runs.
"""

import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pillow_heif
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    StreamObject,
    TextStringObject,
)

from backoffice.gateways.scanner import EICAR
from backoffice.models.documents import DocumentKind
from backoffice.services.documents.looking.why_not import WhyNot

SCRIPT = b"<script>alert(document.domain)</script>"
HTML = b"<!DOCTYPE html><html><body>" + SCRIPT + b"</body></html>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


@dataclass(frozen=True)
class Hostile:
    """One file: what it tries, its bytes, the name it comes under, and its outcome.

    `outcome` is a WhyNot where it is refused; "infected"; or "taken", then `carries` names what
    is known of it besides.
    """

    what: str
    content: bytes
    name: str = "eob.pdf"
    kind: DocumentKind = DocumentKind.OTHER
    outcome: WhyNot | str = "taken"
    carries: str = ""


def corpus() -> list[Hostile]:
    """Return all of them; the same in every run."""
    return [*_no_files_of_ours(), *_two_kinds(), *_pdfs(), *_images(), *_texts(), *_malware(),
            *_names()]  # fmt: skip


def _no_files_of_ours() -> Iterator[Hostile]:
    no = WhyNot.UNKNOWN
    yield Hostile("nothing at all", b"", outcome=WhyNot.EMPTY)
    yield Hostile("a page under a PDF's name", HTML, outcome=no)
    yield Hostile("a page under its own name", HTML, name="eob.html", outcome=no)
    yield Hostile("a page in UTF-16", HTML.decode().encode("utf-16"), outcome=no)
    yield Hostile("a page after blanks", b"\r\n \t" * 50 + HTML, outcome=no)
    yield Hostile("a drawing with a script", SVG, name="card.svg", outcome=no)
    yield Hostile("a drawing behind an XML head", b"<?xml version='1.0'?>" + SVG, outcome=no)
    yield Hostile("XML that asks for a file", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b "
                  b"SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", outcome=no)  # fmt: skip
    yield Hostile("a Windows program", b"MZ" + bytes(400), name="eob.exe", outcome=no)
    yield Hostile("a Linux program", b"\x7fELF\x02\x01\x01" + bytes(400), outcome=no)
    yield Hostile("a shell script", b"#!/bin/sh\nrm -rf ~\n", name="eob.pdf.sh", outcome=no)
    yield Hostile("a ZIP", _zip({"a.txt": b"a"}), name="eobs.zip", outcome=no)
    yield Hostile("a ZIP that unpacks to 40 MB", _zip({"0": bytes(40 << 20)}), outcome=no)
    yield Hostile("a workbook with macros", _zip({"xl/vbaProject.bin": b"x"}), outcome=no)
    yield Hostile("a GIF", b"GIF89a" + bytes(100), outcome=no)
    yield Hostile("PostScript", b"%!PS-Adobe-3.0\n(%stdin) run\n", outcome=no)
    yield Hostile("a shortcut", b"[InternetShortcut]\nURL=file://evil/x.exe\n", outcome=no)
    yield Hostile("noise", random.Random(24).randbytes(5000), outcome=no)
    yield Hostile("25 MB and a byte", a_pdf() + bytes(25 * 1024 * 1024), outcome=WhyNot.TOO_LARGE)


def _two_kinds() -> Iterator[Hostile]:
    two, pdf, png, jpeg = WhyNot.TWO_KINDS, a_pdf(), an_image("PNG"), an_image("JPEG")
    archive = _zip({"evil.class": b"\xca\xfe\xba\xbe"})
    yield Hostile("a PDF behind junk", b"junk\n" + pdf, outcome=WhyNot.UNKNOWN)
    yield Hostile("a PDF behind a byte order mark", b"\xef\xbb\xbf" + pdf, outcome=WhyNot.UNKNOWN)
    yield Hostile("a PDF behind a page", HTML + pdf, outcome=WhyNot.UNKNOWN)
    yield Hostile("a page in a PDF's first comment",
                  pdf.replace(b"\n", b"\n%" + HTML + b"\n", 1), outcome=two)  # fmt: skip
    yield Hostile("a PDF that is a ZIP too", pdf + archive, outcome=two)
    yield Hostile("a PNG that is a ZIP too", png + archive, name="card.png", outcome=two)
    yield Hostile("a JPEG that is a ZIP too", jpeg + archive, name="card.jpg", outcome=two)
    yield Hostile("a page in a JPEG's comment", _jpeg_comment(jpeg, HTML), outcome=two)
    yield Hostile("a PDF in a JPEG's comment", _jpeg_comment(jpeg, pdf), outcome=two)
    yield Hostile("a page in a PNG's text", _png_text(png, HTML), outcome=two)
    yield Hostile("PHP in a PNG's text", _png_text(png, b"<?php system($_GET[0]);"), outcome=two)


def _pdfs() -> Iterator[Hostile]:
    whole = a_pdf()
    yield Hostile("a PDF cut in half", whole[: len(whole) // 2], outcome=WhyNot.TORN)
    yield Hostile("a PDF's head alone", b"%PDF-1.7\n", outcome=WhyNot.TORN)
    yield Hostile("a PDF without objects", b"%PDF-1.7\n%%EOF\n")
    yield Hostile("a PDF of no version", b"%PDF-9.9\n%%EOF\n", outcome=WhyNot.UNKNOWN)
    yield Hostile("a PDF with a script", _pdf_with(_script), carries="javascript")
    yield Hostile("a script in a compressed object", _hidden_script(), carries="javascript")
    yield Hostile("a PDF that starts a program", _pdf_with(_launch), carries="launch")
    yield Hostile("a PDF with a file inside", _pdf_with(_attach), carries="embedded_file")
    yield Hostile("a PDF that sends its form", _pdf_with(_submit), carries="sends_forms")
    yield Hostile("a PDF with an XFA form", _pdf_with(_xfa), carries="form_program")
    yield Hostile("a PDF whose pages are their own parent", _own_parent(whole))
    yield Hostile("a PDF whose page swells to 64 MB", _pdf_with(_swell))
    yield Hostile("a PDF that says it has a million pages",
                  whole.replace(b"/Count 1", b"/Count 1000000"))  # fmt: skip
    yield Hostile("a PDF under a password", _pdf_with(_lock))


def _images() -> Iterator[Hostile]:
    torn, png, jpeg = WhyNot.TORN, an_image("PNG"), an_image("JPEG")
    tiff, heic = an_image("TIFF"), an_image("HEIF")
    many = WhyNot.TOO_MANY_PIXELS
    yield Hostile("a PNG of 4 billion pixels", _png_of(65_535, 65_535), outcome=many)
    yield Hostile("a PNG without pixels", _png_of(0, 10), outcome=torn)
    yield Hostile("a JPEG of 4 billion pixels", _jpeg_of(jpeg, 65_500), outcome=many)
    yield Hostile("a TIFF of 4 billion pixels", _tiff_of(tiff, 65_000), outcome=many)
    yield Hostile("a HEIC of 4 billion pixels", _heic_of(heic, 65_000), outcome=many)
    yield Hostile("a PNG cut off", png[:-20], outcome=torn)
    yield Hostile("a PNG with a flipped byte", _flipped(png), outcome=torn)
    yield Hostile("a JPEG cut off", jpeg[:-30], outcome=torn)
    yield Hostile("a TIFF cut off", tiff[:-30], outcome=torn)
    yield Hostile("a HEIC cut off", heic[:-30], outcome=torn)
    yield Hostile("a TIFF whose pages go in a circle", _tiff_circle(tiff), outcome=torn)
    yield Hostile("a PNG's signature alone", png[:8], outcome=torn)


def _texts() -> Iterator[Hostile]:
    era, other = DocumentKind.ERA_FILE, DocumentKind.OTHER
    yield Hostile("a table that starts a program", b"name,note\na,=cmd|' /C calc'!A0\n",
                  name="list.csv", kind=other, outcome=WhyNot.FORMULAS)  # fmt: skip
    yield Hostile("a table with a NUL", b"a,b\nc,\x00d\n", name="list.csv",
                  outcome=WhyNot.UNKNOWN)  # fmt: skip
    yield Hostile("a table in no encoding", b"a,b\nc,\xff\xfe\xfa\n", outcome=WhyNot.UNKNOWN)
    yield Hostile("a table as an EOB", b"a,b\nc,d\n", kind=DocumentKind.EOB,
                  outcome=WhyNot.NOT_OF_KIND)  # fmt: skip
    yield Hostile("a PDF as an ERA file", a_pdf(), kind=era, outcome=WhyNot.NOT_OF_KIND)
    yield Hostile("an interchange torn after its head", _ISA, name="era.835", kind=era,
                  outcome=WhyNot.NO_REMITTANCE)  # fmt: skip


def _malware() -> Iterator[Hostile]:
    pdf = a_pdf()
    yield Hostile("EICAR in a PDF", pdf + EICAR + b"\n%%EOF\n", outcome="infected")
    yield Hostile("EICAR in a PNG's text", _png_text(an_image("PNG"), EICAR), outcome="infected")
    yield Hostile("EICAR alone", EICAR, name="eicar.com", outcome=WhyNot.UNKNOWN)


def _names() -> Iterator[Hostile]:
    for what, name in (
        ("a name that climbs", "../../../../etc/cron.d/eob.pdf"),
        ("a name that reads backwards", "eob\u202efdp.exe"),
        ("a program's name", "eob.pdf.exe"),
        ("a name that is markup", '"><img src=x onerror=alert(1)>.pdf'),
        ("a name of two lines", "eob.pdf\r\nX-Evil: 1"),
        ("a name of a device", "CON"),
        ("a name of 5000 letters", "e" * 5000 + ".pdf"),
    ):
        yield Hostile(what, a_pdf(), name=name)


_ISA = (
    b"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
    b"*260101*1200*^*00501*000000001*0*P*:~GS*HP*S*R*20260101*1200*1*X*005010X221A1~ST*835*0001~"
)


def a_pdf(pages: int = 1) -> bytes:
    """A PDF of blank pages."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=200, height=200)
    return _written(writer)


def an_image(form: str, size: tuple[int, int] = (40, 30)) -> bytes:
    """A small picture of this form, with a little to see."""
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    out = io.BytesIO()
    if form == "HEIF":
        pillow_heif.from_pillow(picture).save(out)
    else:
        picture.save(out, form)
    return out.getvalue()


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _png_text(png: bytes, words: bytes) -> bytes:
    return png[:33] + _chunk(b"tEXt", b"Comment\0" + words) + png[33:]


def _png_of(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(1000), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    )


def _flipped(png: bytes) -> bytes:
    at = png.index(b"IDAT") + 10
    return png[:at] + bytes([png[at] ^ 1]) + png[at + 1 :]


def _jpeg_comment(jpeg: bytes, words: bytes) -> bytes:
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(words) + 2) + words + jpeg[2:]


def _jpeg_of(jpeg: bytes, side: int) -> bytes:
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", side, side) + jpeg[at + 4 :]


def _tiff_of(tiff: bytes, side: int) -> bytes:
    made = bytearray(tiff)
    (at,) = struct.unpack_from("<I", made, 4)
    (count,) = struct.unpack_from("<H", made, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, form = struct.unpack_from("<HH", made, entry)
        if tag in {256, 257}:
            struct.pack_into("<H" if form == 3 else "<I", made, entry + 8, side)
    return bytes(made)


def _tiff_circle(tiff: bytes) -> bytes:
    made = bytearray(tiff)
    (at,) = struct.unpack_from("<I", made, 4)
    (count,) = struct.unpack_from("<H", made, at)
    struct.pack_into("<I", made, at + 2 + 12 * count, at)
    return bytes(made)


def _heic_of(heic: bytes, side: int) -> bytes:
    made = bytearray(heic)
    struct.pack_into(">II", made, heic.index(b"ispe") + 8, side, side)
    return bytes(made)


def _pdf_with(trick: Callable[[PdfWriter], None]) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(width=200, height=200)
    trick(writer)
    return _written(writer)


def _script(writer: PdfWriter) -> None:
    _on_opening(writer, "/JavaScript", "x", key="/JS")


def _launch(writer: PdfWriter) -> None:
    _on_opening(writer, "/Launch", "calc.exe")


def _submit(writer: PdfWriter) -> None:
    _on_opening(writer, "/SubmitForm", "http://127.0.0.1:9/")


def _on_opening(writer: PdfWriter, action: str, target: str, *, key: str = "/F") -> None:
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
        {NameObject("/S"): NameObject(action), NameObject(key): TextStringObject(target)}
    )


def _attach(writer: PdfWriter) -> None:
    writer.add_attachment("eob.exe", b"MZ")


def _xfa(writer: PdfWriter) -> None:
    form = DictionaryObject({NameObject("/XFA"): TextStringObject("<xdp:xdp/>")})
    writer.root_object[NameObject("/AcroForm")] = form


def _swell(writer: PdfWriter) -> None:
    stream = StreamObject()
    stream.set_data(zlib.compress(zlib.compress(bytes(64 << 20))))
    twice = ArrayObject([NameObject("/FlateDecode"), NameObject("/FlateDecode")])
    stream[NameObject("/Filter")] = twice
    writer.pages[0][NameObject("/Contents")] = writer._add_object(stream)


def _lock(writer: PdfWriter) -> None:
    writer.encrypt("nobody knows it", algorithm="AES-256")


def _own_parent(pdf: bytes) -> bytes:
    """The pages' node becomes its own only child."""
    node = re.search(rb"(\d+) 0 obj\s*<<\s*/Type /Pages", pdf)
    assert node is not None
    return re.sub(rb"/Kids \[ \d+ 0 R", b"/Kids [ %s 0 R" % node[1], pdf)


def _hidden_script() -> bytes:
    """Every object lies in a compressed stream: no word of the script stands in the bytes."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
        b"<</S/JavaScript/JS(app.alert\\(1\\))>>",
    ]
    places = [sum(len(each) + 1 for each in objects[:n]) for n in range(len(objects))]
    head = " ".join(f"{n + 1} {place}" for n, place in enumerate(places)).encode() + b" "
    packed = zlib.compress(head + b" ".join(objects))
    out = bytearray(b"%PDF-1.7\n")
    stream_at = len(out)
    out += b"5 0 obj <</Type/ObjStm/N 4/First %d/Filter/FlateDecode/Length %d>>stream\n" % (
        len(head), len(packed))  # fmt: skip
    out += packed + b"\nendstream endobj\n"
    table_at = len(out)
    entries = [(0, 0, 255), *((2, 5, n) for n in range(4)), (1, stream_at, 0), (1, table_at, 0)]
    table = b"".join(struct.pack(">BHB", *entry) for entry in entries)
    out += b"6 0 obj <</Type/XRef/Size 7/W[1 2 1]/Root 1 0 R/Length %d>>stream\n" % len(table)
    out += table + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % table_at
    return bytes(out)
