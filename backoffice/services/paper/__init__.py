"""Reads paper that somebody sent (PDFs, pictures), each in a process of its own, with little."""
