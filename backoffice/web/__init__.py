"""Face one: Flask. Routes, forms and the words' dress; no rules."""
