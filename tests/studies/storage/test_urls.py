"""How storage URLs are read, completed and shown: no password is ever printed."""

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from studies.errors import StudyError
from studies.storage.urls import (
    complete_url,
    explained,
    parse_url,
    shown,
    sqlite_path,
    without_secrets,
)

SECRET = "S3CR:ET/@?#[%+ ü"  # noqa: S105 - made up, to be looked for
WRITTEN = quote(SECRET, safe="")


def hides(text: str, secret: str = SECRET) -> bool:
    """Whether a text repeats the secret neither as it is nor percent-encoded."""
    return secret not in text and quote(secret, safe="") not in text and "S3CR" not in text


@pytest.mark.parametrize("name", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_name_of_postgresql_means_the_driver_that_is_installed(name: str) -> None:
    """`postgres://` is what servers and their manuals print."""
    assert complete_url(f"{name}://me@host/db") == "postgresql+psycopg://me@host/db"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://ann:{WRITTEN}@host/db",
        # Azure's user names.
        f"postgresql+psycopg://ann@server:{WRITTEN}@host:5432/db",
        f"postgres://ann%40corp:{WRITTEN}@[::1]:5432/db?sslmode=require",
        f"postgresql://host/db?user=ann&password={WRITTEN}",
        f"postgresql://host/db?sslpassword={WRITTEN}&passfile=/S3CR",
    ],
)
def test_a_password_is_hidden_wherever_a_url_is_shown(url: str) -> None:
    """As it is and percent-encoded; it still connects."""
    for text in (shown(url), without_secrets(url)):
        assert hides(text)
        assert "host" in text or "::1" in text
    parsed = parse_url(complete_url(url))
    assert SECRET in {parsed.password, *parsed.query.values()}


def test_a_stored_command_keeps_what_is_no_secret() -> None:
    """And says where the secrets are to be put in again."""
    url = f"postgres://me:{WRITTEN}@host/db?password=x&sslmode=require&S3CR=1"
    assert without_secrets(url) == (
        "postgresql+psycopg://me:***@host/db?password=...&sslmode=require"
    )
    with pytest.raises(StudyError, match=r"password is \*\*\*, .* write the password itself"):
        parse_url(without_secrets(url))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://ann:first@S3CR@host/db",
        "postgresql+psycopg://ann:first/S3CR@host/db",
        "postgresql+psycopg://ann:first?S3CR@host/db",
        "postgresql+psycopg://ann:first#S3CR@host/db",
        "postgresql+psycopg://ann:[S3CR@host/db",
        "postgresql+psycopg://ann/S3CR@host/db",
        "postgresql+psycopg://host:5432/db?password=first@S3CR",
        "postgresql+psycopg://ann:S3CR@?@host/db",
        "postgresql+psycopg://ann:S3CR@#@host/db",
    ],
)
def test_a_url_that_can_be_read_in_two_ways_is_refused(url: str) -> None:
    """The message has the encoding and nothing of the text."""
    with pytest.raises(StudyError, match=r"can be read in two ways.* write @ as %40") as caught:
        parse_url(url)
    assert hides(str(caught.value))
    assert "first" not in str(caught.value)


@given(password=st.text(st.characters(exclude_categories=["Cs"]), min_size=6).map("S3CR".__add__))
def test_no_password_is_shown_or_leads_elsewhere(password: str) -> None:
    """Unencoded, it is either read as it was meant or refused without being shown."""
    written = f"postgresql+psycopg://ann:{password}@host/db"
    try:
        url = complete_url(written)
    except StudyError:
        with pytest.raises(StudyError, match=r"^(?!.*S3CR)"):
            complete_url(written)
        return
    assert "S3CR" not in shown(url) + without_secrets(url)
    assert parse_url(url).host == "host"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql+asyncpg://me:S3CR@host/db", "driver is 'postgresql.asyncpg', expected"),
        ("sqlite+pysqlcipher://:S3CR@/x.db", "driver is 'sqlite.pysqlcipher', expected"),
        ("sqlite://runs:S3CR@host/study.db", "with three slashes, four for an absolute path"),
        ("sqlite://runs/study.db", "with three slashes"),
        ("sqlite:///~nobody-here/x.db", "home folder is not known"),
    ],
)
def test_other_mistakes_are_told_without_the_password(url: str, message: str) -> None:
    """With what was expected."""
    with pytest.raises(StudyError, match=message) as caught:
        parse_url(url)
    assert hides(str(caught.value))


def test_the_home_folder_may_be_written_as_in_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell does not expand `~` in the middle of a word."""
    monkeypatch.setenv("HOME", "/home/ann")
    assert sqlite_path("sqlite:///~/runs/x.db") == Path("/home/ann/runs/x.db")
    assert complete_url("sqlite:///~/runs/x.db") == "sqlite:////home/ann/runs/x.db"


def test_a_drivers_message_is_shown_without_the_secrets_that_it_repeats() -> None:
    """Whatever form it repeats them in; a password of one letter does not mask the words."""
    url = f"postgresql://ann:{WRITTEN}@host/db?sslpassword=S3CR2"
    for repeated in (SECRET, WRITTEN, "S3CR2"):
        with pytest.raises(StudyError, match=r"failed for '\*\*\*'") as caught, explained(url):
            raise OperationalError("", {}, Exception(f"connection failed for '{repeated}'"))
        assert hides(str(caught.value))
    with (
        pytest.raises(StudyError, match="connection failed for a"),
        explained("postgresql://ann:n@host/db"),
    ):
        raise OperationalError("", {}, Exception("connection failed for a"))
