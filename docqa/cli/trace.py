"""``docqa trace``: what a recorded run had in its context, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from docqa.cli.options import Json, examples
from docqa.cli.output import Screen, clean, plural, shorten, to_json
from docqa.cli.replay import File, Number

if TYPE_CHECKING:
    from docqa.recording import Step, Trace

EXAMPLES = examples("docqa trace run.jsonl", "docqa trace run.jsonl --run 1", "docqa trace run.jsonl --json")
_BAR = 20
_SHOWN = 12  # passages of a step that are listed
ENDS = {"": "The recording was cut off here.", "early": "The run was ended here."}


def trace(file: File, run: Number = None, json: Json = False) -> None:
    """Show a recorded run step by step: how full its context was, what came into it and left it, and what it cost.

    Of several runs in a file the last is shown. With --json there is one object for each step, and one for the end.
    """
    from docqa.recording import read
    from docqa.recording import trace as traced

    found = traced(read(file, run or 0)[-1])
    if json:
        for step in found.steps:
            print(to_json(step, event="step", run=found.run))
        end = {"event": "end", "run": found.run, "question": found.question, "began": found.began, "model": found.model}
        print(to_json({**end, "how": found.how, "error": found.error, "answer": found.answer}))
    else:
        show(Screen(), found)
    raise typer.Exit(0)


def show(screen: Screen, found: Trace) -> None:
    """Put a trace on the screen."""
    screen.line(shorten(found.question, 500), "bold")
    screen.line(f"run {found.run} · {clean(found.began)} · answered by: {clean(found.model) or 'nobody'}", "dim", 2)
    for step in found.steps:
        show_step(screen, step)
    screen.line()
    if found.answer:
        show_answer(screen, found.answer)
    for told in (found.error, ENDS.get(found.how, "")):
        if told:
            screen.line(clean(told), "bold yellow")


def show_step(screen: Screen, step: Step) -> None:
    """Put a step on the screen: the context before, what the model did, the context after, and the cost."""
    screen.line()
    screen.line(f"step {step.step}  {fullness(step.used, step.budget)}", "bold")
    for prompt in step.prompts:
        share = f", {percent(prompt.repeated, prompt.tokens)} of it begins as the last one" if prompt.repeated else ""
        name = "prompt for a text" if prompt.summary else "prompt"
        screen.line(f"{name}: {plural(prompt.messages, 'message')}, {prompt.tokens:,} tokens{share}", "dim", 2)
    if step.text.strip():
        screen.line(f"“{shorten(step.text, 1000)}”", "italic", 2)
    for call in step.calls:
        arguments = ", ".join(f"{clean(name)}={shorten(repr(value), 120)}" for name, value in call.arguments.items())
        screen.line(f"→ {shorten(call.name, 64) or '(no call)'}({arguments})", "cyan", 2)
        if call.gave:
            told = f"{shorten(call.gave, 300)} ({call.tokens:,} tokens)"
            screen.line(f"{'←' if call.ok else '✗'} {told}", "" if call.ok else "yellow", 4)
    show_changes(screen, step)
    screen.line(f"tokens: {cost(step)}", "dim", 2)
    screen.line(f"seconds: {spent(step)}", "dim", 2)


def show_changes(screen: Screen, step: Step) -> None:
    """Put on the screen what came into the context and what left it."""
    for passage in step.came[:_SHOWN]:
        where = f"{shorten(passage.document, 80)}, page {shorten(passage.page, 12)}"
        screen.line(f"↓ {where}, {passage.tokens:,} tokens", "", 4)
    if len(step.came) > _SHOWN:
        screen.line(f"↓ and {plural(len(step.came) - _SHOWN, 'passage')} more", "", 4)
    for evidence in step.evidence:
        cited = evidence.get("citation") or {}
        where = f"{shorten(cited.get('title', ''), 80)}, page {shorten(cited.get('page', ''), 12)}"
        screen.line(f"✓ {shorten(evidence.get('claim', ''), 200)} ({where})", "green", 4)
    for other in step.other:
        fields = ", ".join(f"{k}={shorten(repr(v), 120)}" for k, v in other.items() if k not in ("event", "step"))
        screen.line(f"· {clean(other['event'])}: {fields}", "", 4)
    for evicted in step.evicted:
        left = f"{evicted.get('messages', 0)} messages left the context, {evicted.get('tokens', 0):,} tokens freed"
        screen.line(f"↑ {clean(left)}", "magenta", 4)


def show_answer(screen: Screen, answer: dict[str, Any]) -> None:
    """Put the answer on the screen, with its quotes and what the run cost."""
    for paragraph in str(answer.get("text", "")).splitlines():
        screen.line(clean(paragraph), "bold")
    for cited in answer.get("citations") or ():
        where = f"{shorten(cited.get('title', ''), 100)}, page {shorten(cited.get('page', ''), 12)}"
        screen.line(f"[{clean(cited.get('marker', ''))}] {where}: “{shorten(cited.get('quote', ''), 300)}”", "cyan")
    limit = f" at its limit of {answer['limit']}" if answer.get("limit") else ""
    tokens = answer.get("prompt_tokens", 0) + answer.get("answer_tokens", 0)
    cost = f"{plural(answer.get('steps', 0), 'step')}, {answer.get('seconds', 0):.1f} s, {tokens:,} tokens"
    screen.line(clean(f"{answer.get('outcome', '')}{limit} · {cost}"), "dim")


def fullness(used: int, budget: int) -> str:
    """How full the context is, as a bar and in numbers."""
    filled = min(_BAR, _BAR * used // budget) if budget > 0 else 0
    return f"{'█' * filled}{'░' * (_BAR - filled)} {percent(used, budget)} full, {used:,} of {budget:,} tokens"


def percent(part: int, whole: int) -> str:
    """A share in percent."""
    return f"{100 * part // whole if whole > 0 else 0} %"


def cost(step: Step) -> str:
    """The tokens of a step."""
    cached = f" ({step.cached_tokens:,} cached)" if step.cached_tokens else ""
    return f"{step.prompt_tokens:,} prompt{cached}, {step.answer_tokens:,} answer"


def spent(step: Step) -> str:
    """The seconds of a step."""
    parts = ("model", step.model_seconds), ("archive", step.archive_seconds), ("recall", step.recall_seconds)
    return ", ".join(f"{name} {seconds:.3f}" for name, seconds in (*parts, ("own", step.own_seconds)))
