"""How results are shown, in the terminal and in HTML: numbers, tables, colours, pages."""
