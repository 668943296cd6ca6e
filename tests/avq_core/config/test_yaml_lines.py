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
        (b"a: 1\n? [1]\n: 2", "line 2: a list or a mapping stands as a key"),
        (b"a: 1\n? {b: 1}\n: 2", "line 2: a list or a mapping stands as a key"),
        (b"a: 1\n7: 2", "line 2: the key '7' is no text, expected a name; put it in quotes"),
        (b"a: 1\nno: 2", "line 2: the key 'no' is no text"),
        (
            b"a: !!python/object/apply:os.getcwd []",
            "line 1: the tag '!!python/object/apply:os.getcwd'",
        ),
        (b"a: !mine 1", "line 1: the tag '!mine' cannot be read"),
        (b"a: !!set {b, c}", "line 1: the tag '!!set' cannot be read"),
        (b"a: !!omap [b: 1]", "line 1: the tag '!!omap' cannot be read"),
        (b"a: !!binary aGk=", "line 1: the tag '!!binary' cannot be read"),
        (
            b"a: 1\nb: 2026-02-30",
            "line 2: '2026-02-30' cannot be read .day is out of range.*quotes",
        ),
        (b"2026-13-01: 1", "line 1: '2026-13-01' cannot be read"),
        (b"a: !!timestamp x", "line 1: 'x' cannot be read"),
        (b"a: !!float ''", "line 1: '' cannot be read"),
        (b"a: 1" + b"1" * 5000, "line 1: '1111.*put it in quotes"),
        (b"a: 9223372036854775808", "line 1: '9223372036854775808' is an integer of more than 64"),
        (b"a: 0x" + b"f" * 9000, "line 1: '0xffff.* is an integer of more than 64 bits"),
        (b'a: "\\ud800"', "line 1: .*is not Unicode text"),
        (b'a: 1\nb: "\\UFFFFFFFF"', "line 2: is not YAML: Python int too large"),
        (b"%YAML 1." + b"9" * 5000 + b"\n---\na: 1", "line 1: is not YAML: Exceeds the limit"),
        (b"[" * 5000, "nested too deeply"),
        (b"a: " + b"[" * 40 + b"]" * 40, "line 1: it is nested deeper than 30"),
        (b"a: &x [1, *x]", "line 1: it contains itself; take the alias out"),
        (b"a: &x {b: {c: *x}}", "line 1: it contains itself"),
        (b"a: 1\n---\nb: 2", "line 2: is not YAML: but found another document"),
        (b"a: 1\n\tb: 2", "line 2: is not YAML: found character '.t'"),
        (b"a: \0", "line 1: is not YAML: it holds the control character"),
        ("a: 1".encode("utf-16"), "line 1: is not YAML: text that is not UTF-8"),
        ("a: 1".encode("utf-16-le"), "line 1: is not YAML: it holds the control character"),
        (b"# " + b"x" * (1 << 18), "is larger than 256 KiB"),
    ],
)
def test_what_cannot_be_read_is_told(path: Path, content: bytes, message: str) -> None:
    """With the file and, where there is one, the line."""
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"a\.yaml.*{message}"):
        read_yaml_file(path)


def test_few_lines_that_unfold_to_billions_are_refused(path: Path) -> None:
    """Aliases of aliases share their values until somebody prints them; merge keys unfold at once."""
    for merged in ("[{}]", "{{<<: [{}]}}"):
        lines = ["a0: &a0 {b: 1}"] + [
            f"a{n}: &a{n} {merged.format(', '.join([f'*a{n - 1}'] * 9))}" for n in range(1, 26)
        ]
        path.write_text("\n".join(lines))
        with pytest.raises(ConfigError, match=r"line 6: it unfolds to more than 100,000 values"):
            read_yaml_file(path)


def test_dates_and_clock_times_are_text(path: Path) -> None:
    """YAML 1.1 would make a date, the number 90 and the number 8 of them."""
    path.write_text(
        "\ufeffa: '2026-02-30'\nb: 2026-02-28\nc: 1:30\nd: 010\ne: 2026-02-28 10:00:00\nf: =\n"
    )
    assert read_yaml_file(path).values == {
        "a": "2026-02-30",
        "b": "2026-02-28",
        "c": "1:30",
        "d": "010",
        "e": "2026-02-28 10:00:00",
        "f": "=",
    }


def test_numbers_and_truth_values_are_as_in_yaml(path: Path) -> None:
    """What people write of them in settings."""
    path.write_text(
        "a: [1, -2, +3, 1_000, 0x10, 0b11, 1.5, .5, 1., -1e3, 1E-3, 1.5e+2, 1e400]\nb: [yes, off, True, ~]\n"
    )
    assert read_yaml_file(path).values == {
        "a": [1, -2, 3, 1000, 16, 3, 1.5, 0.5, 1.0, -1000.0, 0.001, 150.0, float("inf")],
        "b": [True, False, True, None],
    }


def test_no_such_file_is_told(path: Path) -> None:
    """As the system says it."""
    with pytest.raises(ConfigError, match=r"cannot read .*a\.yaml: No such file"):
        read_yaml_file(path)


def test_words_that_look_like_numbers_survive_being_written(path: Path) -> None:
    """`1e-3` is a number here, though not to PyYAML; a stream that is called so stays a word."""
    path.write_text("lr: 1e-3\nname: '1e-3'\n")
    assert read_yaml_file(path).values == {"lr": 0.001, "name": "1e-3"}
    values = {
        "name": "1e5",
        "day": "2026-02-28",
        "at": "1:30",
        "code": "010",
        "lr": 1e-5,
        "key": "12e34",
        "widths": [1, "2E+3"],
        "none": None,
    }
    path.write_text(yaml_text(values))
    assert read_yaml_file(path).values == values
