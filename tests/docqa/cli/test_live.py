"""What moves on a terminal: paragraphs that come in pieces, and the sign of being at work."""

from __future__ import annotations

import io
import time

from docqa.cli.live import Busy, Paragraph
from docqa.cli.output import Screen


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def written(*pieces: str, live: bool = False) -> str:
    stream = Terminal() if live else io.StringIO()
    paragraph = Paragraph(Screen(stream), style="")
    for piece in pieces:
        paragraph.write(piece)
    paragraph.end()
    paragraph.end()
    return stream.getvalue()


def test_without_a_terminal_a_paragraph_is_one_line_however_it_comes() -> None:
    assert written("I lo", "ok\nfor ", "the har", "bour.\n", "\nThen I answer.") == (
        "    I look for the harbour.\n    Then I answer.\n"
    )


def test_on_a_terminal_words_stay_whole_and_lines_keep_their_indentation() -> None:
    lines = written(*("The har", "bour is old. ") * 12, live=True).splitlines()
    assert len(lines) > 1
    assert all(line.startswith("    ") and len(line) <= 80 for line in lines)
    assert " ".join(" ".join(lines).split()) == ("The harbour is old. " * 12).strip()


def test_a_word_is_written_before_the_paragraph_ends() -> None:
    stream = Terminal()
    paragraph = Paragraph(Screen(stream), style="")
    paragraph.write("I look for ")
    assert stream.getvalue() == "    I look for"


def test_a_long_word_is_not_held_back() -> None:
    assert written("x" * 200, live=True).count("x") == 200


def test_a_model_cannot_steer_the_terminal() -> None:
    assert written("red \x1b", "[31m now\u202e.", live=True) == "    red [31m now .\n"
    assert written("red \x1b", "[31m now\u202e.") == "    red [31m now .\n"


def test_nothing_is_written_for_a_text_of_blanks() -> None:
    assert written(" \n", "\n ") == written(" \n", "\n ", live=True) == ""


def test_a_silent_terminal_shows_that_work_goes_on_and_is_wiped() -> None:
    stream = Terminal()
    with Busy(Screen(stream)) as busy:
        busy._since = time.monotonic() - 10
        time.sleep(0.4)
        with busy.writing():
            stream.write("done\n")
    said = stream.getvalue()
    assert " 10 s\x1b8" in said
    assert said.endswith("\x1b8\x1b[Kdone\n")


def test_without_a_terminal_there_is_no_sign() -> None:
    stream = io.StringIO()
    with Busy(Screen(stream)) as busy:
        busy._since = time.monotonic() - 10
        time.sleep(0.3)
    assert stream.getvalue() == ""
