"""Paints pages of the PDF or picture on its standard input as JPEGs, under limits of its own.

Run as `python -m backoffice.services.paper.page_painter <media type> <first page> <pages>`.
Writes one line of JSON with the number of pages, then for each page a line of JSON with its sizes
and the bytes of its picture and its small one. Forms, scripts and actions of a PDF are never begun.
"""

import io
import json
import sys
import warnings
from collections.abc import Iterator
from typing import BinaryIO, Final

import pypdfium2 as pdfium
from PIL import Image, ImageOps
from pillow_heif import register_heif_opener

from backoffice.services.paper.limits import confine

PDF: Final = "application/pdf"
FORMATS: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/tiff": "TIFF",
    "image/heic": "HEIF",
    "image/heif": "HEIF",
}
MOST_PAGES: Final = 10_000
MOST_PIXELS: Final = 50_000_000
LONGEST_SIDE: Final = 1700  # a letter page at 150 dots an inch, and then some
PER_POINT: Final = 150 / 72
THUMBNAIL: Final = (144, 186)
QUALITY: Final = 80


def pages_of_pdf(content: bytes, first: int, most: int) -> Iterator[tuple[int, Image.Image]]:
    """Yield how many pages there are with each page asked for."""
    document = pdfium.PdfDocument(content)
    count = len(document)
    for number in range(first, min(first + most, count + 1)):
        page = document[number - 1]
        scale = min(PER_POINT, LONGEST_SIDE / max(*page.get_size(), 1))
        yield count, page.render(scale=scale, may_draw_forms=False).to_pil()
        page.close()


def pages_of_picture(
    content: bytes, kind: str, first: int, most: int
) -> Iterator[tuple[int, Image.Image]]:
    """Yield how many frames there are with each frame asked for, upright as it was taken."""
    with Image.open(io.BytesIO(content), formats=[kind]) as opened:
        count = getattr(opened, "n_frames", 1) if kind == "TIFF" else 1
        for number in range(first, min(first + most, count + 1)):
            opened.seek(number - 1)
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            frame = ImageOps.exif_transpose(opened)
            frame.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            yield count, frame


def jpeg(picture: Image.Image) -> bytes:
    """Return a picture made anew: pixels only, nothing of what the file carried beside them."""
    out = io.BytesIO()
    plain = picture
    if picture.mode in {"RGBA", "LA", "PA", "P"}:
        drawn = picture.convert("RGBA")
        plain = Image.new("RGB", drawn.size, "white")
        plain.paste(drawn, mask=drawn)
    elif picture.mode != "L":
        plain = picture.convert("RGB")
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    bare.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def write(out: BinaryIO, page: int, picture: Image.Image) -> None:
    """Write one page's line and pictures."""
    image = jpeg(picture)
    small = picture.copy()
    small.thumbnail(THUMBNAIL)
    thumbnail = jpeg(small)
    line = {
        "page": page,
        "width": picture.width,
        "height": picture.height,
        "image": len(image),
        "thumbnail": len(thumbnail),
    }
    out.write(json.dumps(line).encode() + b"\n" + image + thumbnail)


def main(media_type: str, first: int, most: int) -> int:
    """Paint what is asked for; what cannot be read ends this process with an error."""
    register_heif_opener()
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    Image.init()
    confine()
    content = sys.stdin.buffer.read()
    pages = (
        pages_of_pdf(content, first, most)
        if media_type == PDF
        else pages_of_picture(content, FORMATS[media_type], first, most)
    )
    out = sys.stdout.buffer
    for number, (count, picture) in enumerate(pages, start=first):
        if number == first:
            if not 0 < count <= MOST_PAGES:
                return 1
            out.write(json.dumps({"pages": count}).encode() + b"\n")
        write(out, number, picture)
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
