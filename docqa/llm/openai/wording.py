"""Every sentence that the model reads from this package: how it is to write calls, what was wrong with one, and the
probe's little conversation.
"""

from __future__ import annotations

# Ends the system message where functions are called by JSON. Short, because the window's budget counts the functions'
# JSON schemas, and this with the compact listing has to fit into that.
_CALLS = """\
Functions (? optional):
{listing}
Reply with one JSON object: {{"thought": "why, briefly", "call": {{"function": name, arguments}}}}"""
FILTERED = "The server's content filter ended what you wrote. Put it in other words."


def functions(listing: str) -> str:
    """The functions and how to call one, for the end of the system message."""
    return _CALLS.format(listing=listing)


def cut_off(limit: int) -> str:
    """What the model wrote ended at its token limit, before its call was whole."""
    return (
        f"What you wrote was cut off after {limit:,} tokens, before a call was complete. Write less: a short thought, "
        "short quotes, one call."
    )


def not_json(reason: str, near: str) -> str:
    """A call that is no JSON; ``near`` are the characters where reading it ended."""
    where = f" near {near!r}" if near else ""
    return f"Your call could not be read as JSON: {reason}{where}. Write it again."


def no_object(function: str, kind: str) -> str:
    """The arguments of a call are JSON, and no object."""
    return f"The arguments of {function} must be a JSON object of its parameters, not {kind}."


def unnamed() -> str:
    """A JSON object that names no function."""
    return 'Your JSON object names no function: write {"function": name, arguments}.'


# The probe: a small conversation with one call and its result, after which one certain call is right.
PROBE_SYSTEM = (
    "You look words up in a dictionary by calling functions, one in each step, and write nothing else. Look up every "
    "word that you are asked for, in the order in which they are asked. When all of them have been looked up, finish."
)
PROBE_QUESTION = "Look up the word heron, then the word otter, and then finish with what both animals have in common."
PROBE_WORDS = ("heron", "otter")
PROBE_RESULT = (
    "heron: a long-legged bird with a long neck and a pointed bill, which stands still in shallow water at the edge of "
    "lakes, rivers and marshes and waits there for fish, frogs and insects. Herons nest in colonies high in the trees."
)
PROBE_LOOK_UP = "Look up one word and get its meaning."
PROBE_FINISH = "End with a sentence, when every word has been looked up."
