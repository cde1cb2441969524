"""Papers for tests: PDFs with words on their pages."""

import io

from reportlab.pdfgen.canvas import Canvas


def a_paper(*pages: str) -> bytes:
    """A PDF in letter size, portrait; each page holds one line of words."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792))
    for words in pages:
        canvas.drawString(72, 700, words)
        canvas.showPage()
    canvas.save()
    return out.getvalue()
