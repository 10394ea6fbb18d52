"""Readers of document formats. They run in the guarded child process only; ``ingest.parse`` is the way in.

worker      the child's main loop
child       the parent's handle on one child: limits, frames, reports
pdf         PDF by PyMuPDF, through words → lines → order → blocks (tables, cells, grid) → compose
markdown, html, text      formats without geometry, cut into pages at paragraph ends
"""
