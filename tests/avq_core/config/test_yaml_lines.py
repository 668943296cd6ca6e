"""YAML with the line of every key: what is read, and what cannot be."""

from pathlib import Path

import pytest
import yaml

from avq_core.config.steps import dotted
from avq_core.config.yaml_lines import read_yaml_file, yaml_text
from avq_core.errors import ConfigError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to write to."""
    return tmp_path / "a.yaml"


def test_values_are_yamls_and_lines_are_the_keys(path: Path) -> None:
    """In flow and block style, in lists, and beside an alias, whose own place PyYAML forgets."""
    text = "a: 1\nb:\n  - c: &x {d: 2}\n  - *x\ne: {<<: *x, f: 3}\n"
    path.write_text(text)
    file = read_yaml_file(path)
    assert file.values == yaml.safe_load(text)
    lines = {dotted(steps): line for steps, line in file.lines.items()}
    wanted = {"a": 1, "b": 2, "b[0]": 3, "b[0].c": 3, "b[0].c.d": 3, "e": 5, "e.f": 5}
    assert wanted.items() <= lines.items()


def test_an_error_names_the_nearest_line(path: Path) -> None:
    """Of a value that is left out, what would hold it; the file alone where nothing does."""
    path.write_text("a: 1\nb:\n  c: 2\n")
    file = read_yaml_file(path)
    assert str(file.error(["b", "c"], "is 2")) == f"{path}, line 3: is 2"
    assert str(file.error(["b", "x", "y"], "is 2")) == f"{path}, line 2: is 2"
    assert str(file.error(["z"], "is 2")) == f"{path}: is 2"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds nothing, expected settings by name"),
        (b"- 1", "holds list, expected settings by name"),
        (b"a: 1\nb: \xff", "line 2: is not YAML: text that is not UTF-8"),
        (b"a: 1\nb: *x", "line 2: is not YAML: found undefined alias 'x'"),
        (b"a: 1\n? [1]\n: 2", "line 2: is not YAML: found unhashable key"),
        (b"a: !!python/object/apply:os.getcwd []", "line 1: is not YAML: could not determine"),
        (b"a: !!float ''", "line 1: '' cannot be read"),
        (b"a: !!timestamp x", "line 1: 'x' cannot be read"),
        (b"2026-13-01: 1", "line 1: '2026-13-01' cannot be read"),
        (b"a: 1" + b"1" * 5000, "line 1: '1111.*put it in quotes"),
        (b"[" * 5000, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_told(path: Path, content: bytes, message: str) -> None:
    """With the file and, where there is one, the line."""
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"a\.yaml.*{message}"):
        read_yaml_file(path)


def test_few_lines_that_unfold_to_billions_are_read_at_once(path: Path) -> None:
    """Aliases of aliases share their values; only a walk that knows what it has seen ends."""
    lines = ["a0: &a0 [x, x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)
    ]
    path.write_text("\n".join(lines))
    assert len(read_yaml_file(path).values) == 40


def test_no_such_file_is_told(path: Path) -> None:
    """As the system says it."""
    with pytest.raises(ConfigError, match=r"cannot read .*a\.yaml: No such file"):
        read_yaml_file(path)


def test_words_that_look_like_numbers_survive_being_written(path: Path) -> None:
    """`1e-3` is a number here, though not to PyYAML; a stream that is called so stays a word."""
    path.write_text("lr: 1e-3\nname: '1e-3'\n")
    assert read_yaml_file(path).values == {"lr": 0.001, "name": "1e-3"}
    values = {"name": "1e5", "lr": 1e-5, "key": "12e34", "widths": [1, "2E+3"], "none": None}
    path.write_text(yaml_text(values))
    assert read_yaml_file(path).values == values
