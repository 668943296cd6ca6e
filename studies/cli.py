"""Options that every command of this package has."""

import argparse
from pathlib import Path


def add_study_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that name a study and its storage."""
    parser.add_argument(
        "study",
        nargs="?",
        metavar="STUDY",
        help="its name (default: the only one, or the most recently changed)",
    )
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), metavar="DIR", help="the runs folder"
    )
    parser.add_argument(
        "--storage", metavar="URL", help="an SQLAlchemy URL (default: RUNS/STUDY/study.db)"
    )
