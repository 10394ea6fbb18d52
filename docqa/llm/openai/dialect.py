"""What a server does not take: found out by its refusals, and not sent again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docqa.llm.openai.errors import Refused
from docqa.llm.openai.schema import plain

Body = dict[str, Any]
# What can be left out or put otherwise, by the name under which it is remembered.
KNOWN = (
    "max_tokens",  # then max_completion_tokens is sent
    "max_completion_tokens",  # then neither
    "stream_options",
    "stream",
    "temperature",
    "seed",
    "named",  # tool_choice as one function: then "required"
    "required",  # tool_choice "required": then "auto"
    "tool_choice",  # then none is sent
    "bounds",  # maxLength and maxItems in a schema
    "json_schema",  # then json_object
    "json_object",  # then the prompt alone asks for JSON
    "system",  # a system message: then it begins the first message of the user
)
_ROLE = re.compile(r"system (?:role|message|prompt)|role[s]? .{0,30}system|roles must alternate", re.IGNORECASE)
_SCHEMA = re.compile(r"response_format|schema|grammar|guided|structured|maxlength|maxitems|parser", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """The names, out of ``KNOWN``, of what a server refused."""

    without: frozenset[str] = frozenset()

    def spoken(self, body: Mapping[str, Any]) -> Body:
        """A request's body as this server takes it."""
        spoken = {key: value for key, value in body.items() if key not in self.without}
        if "stream" in self.without:
            spoken.pop("stream_options", None)
        if "max_tokens" in self.without and "max_completion_tokens" not in self.without:
            spoken["max_completion_tokens"] = body["max_tokens"]
        if "tool_choice" in spoken:
            spoken["tool_choice"] = self._choice(spoken["tool_choice"])
        if "response_format" in spoken:
            self._format(spoken)
        if "system" in self.without:
            spoken["messages"] = _folded(spoken["messages"])
        return spoken

    def after(self, refusal: Refused, spoken: Mapping[str, Any]) -> Dialect | None:
        """The dialect to try after a refusal of what was sent; None where nothing is left to change."""
        name = self._named(refusal.named, spoken) or self._guessed(spoken)
        return Dialect(self.without | {name}) if name else None

    def _choice(self, choice: Any) -> Any:
        if isinstance(choice, Mapping) and "named" in self.without:
            choice = "required"
        return "auto" if choice == "required" and "required" in self.without else choice

    def _format(self, spoken: Body) -> None:
        if "json_object" in self.without:
            del spoken["response_format"]
        elif "json_schema" in self.without:
            spoken["response_format"] = {"type": "json_object"}
        elif "bounds" in self.without:
            asked = spoken["response_format"]["json_schema"]
            schema = {"name": asked["name"], "schema": plain(asked["schema"])}
            spoken["response_format"] = {"type": "json_schema", "json_schema": schema}

    def _named(self, said: str, spoken: Mapping[str, Any]) -> str:
        """What of the request the refusal names."""
        if "max_tokens" in spoken and re.search(r"\bmax_(?:completion_)?tokens\b", said):
            return "max_tokens"
        for key in ("max_completion_tokens", "stream_options", "temperature", "seed"):
            if key in spoken and re.search(rf"\b{key}\b", said):
                return key
        if "tool_choice" in spoken and re.search(r"tool[_ ]?choice", said):
            return _next_choice(spoken["tool_choice"])
        if "response_format" in spoken and _SCHEMA.search(said):
            return _next_format(spoken["response_format"], self.without)
        if spoken["messages"][0]["role"] == "system" and _ROLE.search(said):
            return "system"
        return "stream" if "stream" in spoken and re.search(r"\bstream(?:ing)?\b", said) else ""

    def _guessed(self, spoken: Mapping[str, Any]) -> str:
        """What of the request is the likeliest to be meant by a refusal that names nothing."""
        if "response_format" in spoken:
            return _next_format(spoken["response_format"], self.without)
        choice = spoken.get("tool_choice")
        return _next_choice(choice) if choice and choice != "auto" else ""


def _next_choice(choice: Any) -> str:
    return "named" if isinstance(choice, Mapping) else "required" if choice == "required" else "tool_choice"


def _next_format(asked: Mapping[str, Any], without: frozenset[str]) -> str:
    if asked["type"] == "json_object":
        return "json_object"
    return "json_schema" if "bounds" in without else "bounds"


def _folded(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages whose system message begins the first one of the user."""
    if messages[0]["role"] != "system":
        return messages
    first, rest = messages[0], messages[1:]
    if rest and rest[0]["role"] == "user":
        return [{**rest[0], "content": f"{first['content']}\n\n{rest[0]['content']}"}, *rest[1:]]
    return [{**first, "role": "user"}, *rest]
