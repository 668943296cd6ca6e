"""Any text as a file of settings: it is read, or refused in one line, at once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avq_core.config.values import load_configs, load_data_config
from avq_core.run_command import run_command
from space.space import load_space

READERS: dict[str, Callable[[Path], object]] = {
    "space": load_space,
    "layout": load_data_config,
    "config": lambda path: load_configs(str(path)),
}
SPACE = "epochs: 2\nparameters:\n  optim.lr: {type: float, low: 1e-4, high: 1e-2, reason: %s}\n"
LAYOUT = "label_ranges: {overall: [0, 1]}\nclip: %s\nignore: [%s]\nsplits: {val: %s}\n"
CONFIG = "config:\n  optim: {lr: %s}\n  training: {task_weights: {overall: %s}}\ntrial: %s\n"
TOKENS = [
    *(
        "2025-02-30",
        "2025-02-28",
        "1:30",
        "1:30:00.5",
        "010",
        "0o7",
        "1e400",
        "-.inf",
        ".nan",
        "1_0",
    ),
    *(
        "9" * 400,
        "0x" + "f" * 90,
        "=",
        "~",
        "yes",
        "null",
        "word",
        "'quoted'",
        '"\\ud800"',
        '"\\0"',
    ),
    *(
        "&a ",
        "*a",
        "<<: ",
        "? ",
        "- ",
        ": ",
        ", ",
        "{",
        "}",
        "[",
        "]",
        "|",
        ">",
        "\n",
        "\n  ",
        "\t",
    ),
    *("!!set ", "!!omap ", "!!binary ", "!!int ", "!!python/none ", "!x ", "%YAML 1.2\n", "---\n"),
    *(
        "...\n",
        "#",
        "\ufeff",
        "\x00",
        "\x85",
        "\u2028",
        "label_min: ",
        "epochs: ",
        "parameters:\n  ",
    ),
    *("optim.lr: ", "type: float", "config: ", "ensemble: ", "clip: ", "pca: {x: 1}", "name: "),
]
"""What YAML can hold, and what our files do."""
_snippets = st.lists(st.sampled_from(TOKENS), max_size=12).map("".join)


def _holds(template: str) -> st.SearchStrategy[str]:
    """One of our files with snippets in the places of its values."""
    count = template.count("%s")
    return st.tuples(*[_snippets] * count).map(lambda parts: template % parts)


_texts = st.one_of(_snippets, st.text(), *map(_holds, (SPACE, LAYOUT, CONFIG)))
_contents = st.one_of(_texts.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary())


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=100, deadline=5000)
@given(content=_contents)
def test_any_file_is_read_or_refused_in_one_line(
    reader: str, content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever stands in it; a traceback would come out of here, and so would a slow reader."""
    path = tmp_path_factory.getbasetemp() / f"{reader}.yaml"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", lambda *words, **_: printed.append(" ".join(words)))
        status = run_command(lambda _: (READERS[reader](path), 0)[1], [])
    assert (status, len(printed)) in {(0, 0), (2, 1)}
    assert all(len(line.splitlines()) == 1 for line in printed)
