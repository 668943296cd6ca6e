"""Aligned tables as plain text, the same in a terminal, a pipe and a file."""

import io
from collections.abc import Sequence
from typing import Final

_WIDTH: Final = 1_000_000
"""Characters a line may have: wide enough that no cell is ever broken or cut."""


def text_table(rows: Sequence[Sequence[str]], *, num_left: int = 1) -> str:
    """Columns padded to their widest cell, with two spaces between them.

    Args:
        rows: The header and the rows below it, all of one length.
        num_left: Columns from the left that are aligned to the left, such as names; the others,
            such as numbers, are aligned to the right.

    Returns:
        The lines, without escape codes, trailing spaces or a newline at the end.

    Raises:
        ValueError: The rows differ in length.
    """
    # Imported here: Rich takes some 50 ms, and `--help` needs no table.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return ""
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise ValueError(f"the rows have {sorted(lengths)} cells, expected one number for all")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    for column in range(len(rows[0])):
        table.add_column(
            justify="left" if column < num_left else "right", no_wrap=True, overflow="fold"
        )
    for row in rows:
        # As Text: a bracket in a name is no markup.
        table.add_row(*map(Text, row))
    buffer = io.StringIO()
    Console(file=buffer, width=_WIDTH, color_system=None, force_terminal=False).print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())
