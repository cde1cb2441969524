"""Files to the clearinghouse: built and frozen once, sent exactly once in effect, resolved.

building: claims past their undo window into files. sending: what a file's state allows next, the
lease and its fence. withdrawing: what may not leave any more is taken back. answers: what a send or
a look-up ended in. persons: the two buttons of a file that nobody can tell about. opinions: a
second validator's word. exporting: the exact bytes.
"""
