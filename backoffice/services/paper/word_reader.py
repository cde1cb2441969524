"""Writes the text of the PDF on its standard input, under limits of its own.

Run as `python -m backoffice.services.paper.word_reader`. A scanned page has none.
"""

import sys
from typing import Final

import pypdfium2 as pdfium

from backoffice.services.paper.limits import confine

MOST_PAGES: Final = 500
MOST_CHARACTERS: Final = 300_000


def main() -> int:
    """Write what there is of text, page by page, up to the most that is kept."""
    confine()
    document = pdfium.PdfDocument(sys.stdin.buffer.read())
    left = MOST_CHARACTERS
    for number in range(min(len(document), MOST_PAGES)):
        words = document[number].get_textpage().get_text_bounded()[:left]
        left -= len(words)
        sys.stdout.buffer.write(words.encode("utf-8", "replace") + b"\n")
        if not left:
            break
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
