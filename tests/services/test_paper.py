"""Paper is read apart: pages become pictures, words and new PDFs; harm ends with its reader."""

import io
import zlib

import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from backoffice.rules.page_ranges import NoSuchPages, lots_meant, pages_meant
from backoffice.services.documents.pages import Cut, cut, paint, words_of
from backoffice.services.paper.confined import Unreadable
from tests.papers import a_paper


def test_a_pdf_becomes_pictures_words_and_another_pdf() -> None:
    paper = a_paper("Evergreen EOB 143.20", "ICN 2026112201", "Remark CO45")

    painted = paint(paper, "application/pdf", first=2)
    made = cut([paper, a_paper("Second")], [Cut(0, 3, 90), Cut(1, 1)])

    assert (painted.count, [each.page for each in painted.pictures]) == (3, [2, 3])
    with Image.open(io.BytesIO(painted.pictures[0].image)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1275, 1651))
    with Image.open(io.BytesIO(painted.pictures[0].thumbnail)) as small:
        assert small.size == (144, 186)
    assert words_of(paper) == "Evergreen EOB 143.20 ICN 2026112201 Remark CO45"
    assert words_of(made) == "Remark CO45 Second"
    turned = paint(made, "application/pdf", first=1).pictures
    assert [each.width > each.height for each in turned] == [True, False]


def test_a_photo_is_made_anew_without_what_it_carried_beside_its_pixels() -> None:
    register_heif_opener()
    for form, kind in (("JPEG", "jpeg"), ("TIFF", "tiff"), ("HEIF", "heic"), ("PNG", "png")):
        out = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112], exif[0x010E] = 6, "Gloamwick"  # to be turned, and a description
        Image.new("RGB", (400, 200), "white").save(out, form, exif=exif)

        (picture,) = paint(out.getvalue(), f"image/{kind}", first=1).pictures

        upright = (400, 200) if form == "HEIF" else (200, 400)  # its own turn is in the picture
        assert (picture.width, picture.height) == upright, form
        assert b"Gloamwick" not in picture.image + picture.thumbnail, form


@pytest.mark.parametrize("content", [b"", b"junk", b"%PDF-1.7\n" + b"\x00" * 500])
def test_what_is_no_paper_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable):
        paint(content, "application/pdf", first=1)


def test_a_picture_that_unfolds_to_billions_of_pixels_ends_its_reader_not_us() -> None:
    head = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x01\x00\x00\x00\x00"
    body = b"IDAT" + zlib.compress(bytes(1000))
    chunks = [len(each[4:]).to_bytes(4, "big") + each for each in (head, body, b"IEND")]
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk + zlib.crc32(chunk[4:]).to_bytes(4, "big") for chunk in chunks
    )

    with pytest.raises(Unreadable):
        paint(bomb, "image/png", first=1)


def test_pages_are_meant_as_they_are_typed() -> None:
    assert pages_meant("1-3, 5", 7) == (1, 2, 3, 5)
    assert pages_meant("4-", 6) == (4, 5, 6)
    assert pages_meant("2,2", 2) == (2,)
    assert lots_meant("1; 2-3;", 3) == [(1,), (2, 3)]
    for typed in ("", "0", "8", "3-2", "x", "-", "1-9", "１", "1.5"):
        with pytest.raises(NoSuchPages):
            pages_meant(typed, 7)
    for lots in ("1-3", "1-2; 2-3", ""):
        with pytest.raises(NoSuchPages):
            lots_meant(lots, 3)
