"""Makes one PDF of pages of those on its standard input, turned as asked, under limits of its own.

Run as `python -m backoffice.services.paper.page_cutter`. Reads one line of JSON,
{"sizes": [bytes of each PDF], "pages": [[which PDF, which page, degrees], ...]} (both from 0), then
the PDFs one after the other; writes the new one. The library is the one that shows the pages, so
what is kept is what was seen.
"""

import io
import json
import sys

import pypdfium2 as pdfium

from backoffice.services.paper.limits import confine


def main() -> int:
    """Make the new PDF and write it."""
    confine()
    given = sys.stdin.buffer
    plan = json.loads(given.readline())
    sources = [pdfium.PdfDocument(given.read(size)) for size in plan["sizes"]]
    made = pdfium.PdfDocument.new()
    for source, page, degrees in plan["pages"]:
        made.import_pages(sources[source], [page])
        new = made[len(made) - 1]
        new.set_rotation((new.get_rotation() + degrees) % 360)
    out = io.BytesIO()
    made.save(out)
    sys.stdout.buffer.write(out.getvalue())
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
