"""The server: which models it has, and one chat request as a stream of chunks. The only place that uses the SDK.

Its own repetition is switched off: ``exchange.py`` repeats, within the time that the caller gives.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from docqa.errors import ModelError
from docqa.llm import stopping
from docqa.llm.openai.errors import Failed, Refused, Told, Unknown, told
from docqa.llm.openai.retrying import Deadline, asked_pause
from docqa.llm.openai.sse import events
from docqa.llm.openai.watch import Watch, use
from docqa.settings import Settings
from ingest.errors import SettingsError

if TYPE_CHECKING:
    import openai

OPENAI = "https://api.openai.com/v1"
_SAYS_REFUSED = (400, 404, 405, 406, 409, 413, 415, 422)  # the request's fault
# llama.cpp and others answer 500 where they mean 400.
_MEANS_REFUSED = re.compile(
    r"jinja|tool|param|unsupported|not support|invalid|type must be|template|schema|grammar", re.I
)
_SMALL = 10.0  # seconds for small questions beside a chat: which models, how many tokens

Chunk = dict[str, Any]


class Client:
    """One server with its key. Threads may share it."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is sent yet.

        Raises:
            SettingsError: a setting makes no sense to the SDK, or OpenAI's own server has no key.
        """
        import openai

        self._settings = settings
        self.model = settings.llm_model
        self.url = (settings.llm_base_url or OPENAI).rstrip("/")
        self.server = re.sub(r"//[^/@]*@", "//", self.url)  # a name and password in it are shown to nobody
        if not settings.llm_base_url and not settings.llm_api_key:
            raise SettingsError("DOCQA_LLM_API_KEY is empty, and OpenAI's server asks for a key.")
        try:
            self._sdk = openai.OpenAI(base_url=self.url, api_key=settings.llm_api_key or "none", max_retries=0)
            use(self._sdk._client)
        except Exception as error:  # of many kinds: the SDK's, the HTTP library's, of a broken proxy or certificate
            raise SettingsError(f"DOCQA_LLM_BASE_URL {self.server} cannot be used: {self._clean(error)}") from None

    def close(self) -> None:
        """Close the connections that wait for further requests."""
        self._sdk.close()

    def models(self) -> list[str] | None:
        """Ids of the server's models; None where it keeps no list.

        Raises:
            Failed, ModelError: as ``chat`` does.
        """
        import openai

        try:
            body = self._sdk.get("/models", cast_to=cast(Any, object), options={"timeout": self._timeout(_SMALL)})
        except openai.APIStatusError as error:
            if error.status_code in (404, 405, 501):
                return None
            raise self._of_status(error) from None
        except openai.APIError as error:
            stopping.current().check()
            raise self._of_connection(error) from None
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, Mapping):
            raise self._something_else()
        rows = body.get("data")
        ids = [row.get("id") for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
        return [str(i) for i in ids if i]

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """A small question beside the chat, at the server's root: the JSON of its answer, None where there is none.

        Raises:
            StoppedError: the run is to end.
        """
        import openai

        url = self.url.removesuffix("/v1") + path
        try:
            options: Any = {"timeout": self._timeout(_SMALL)}
            return self._sdk.post(url, cast_to=cast(Any, object), body=_well_formed(body), options=options)
        except (openai.APIError, ValueError):
            stopping.current().check()
            return None

    def chat(self, body: Mapping[str, Any], deadline: Deadline) -> Generator[Chunk | None, None, None]:
        """Send a chat request; its chunks as they come, None for the mark that ends them. Closing it ends the request.

        An answer that is no stream comes as one chunk.

        Raises:
            Failed, Refused, Overflow: see ``errors.py``.
            ModelTimeout: the deadline has passed.
            StoppedError: the run is to end.
            ModelError: anything else.
        """
        import httpx2  # the SDK's own HTTP library: what breaks while a body is read is of its kinds
        import openai

        deadline.check(self.server)
        timeout = self._timeout(min(self._settings.llm_silence, deadline.left))
        create = cast(Any, self._sdk).chat.completions.with_streaming_response.create
        try:
            with create(**_well_formed(body), timeout=timeout) as response, Watch(deadline, response.http_response):
                yield from self._chunks(response)
        except openai.APIStatusError as error:
            raise self._of_status(error) from None
        except (openai.APIError, httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            stopping.current().check()
            deadline.check(self.server, self._broken(error))
            raise self._of_connection(error) from None

    def _chunks(self, response: Any) -> Iterator[Chunk | None]:
        kind = response.headers.get("content-type", "")
        if "event-stream" not in kind:
            yield self._checked(response.read().decode("utf-8", "replace"), whole=True)
            yield None
            return
        for data in events(response.iter_bytes()):
            if data.strip() == "[DONE]":
                yield None
                return
            yield self._checked(data)

    def _checked(self, data: str, whole: bool = False) -> Chunk:
        """A chunk as a record; one that tells of an error raises it."""
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
            chunk = None
        if whole and not (isinstance(chunk, dict) and {"choices", "error", "object"} & chunk.keys()):
            raise self._something_else()
        if not isinstance(chunk, dict):
            raise Failed(f"{self.server} sent a piece of its stream that is no JSON.")
        if chunk.get("error") or (chunk.get("object") == "error" and "choices" not in chunk):
            raise self._of_told(told(chunk), _status(chunk), None)
        return chunk

    def _something_else(self) -> ModelError:
        return ModelError(f"{self.server} speaks another language than OpenAI's API: check DOCQA_LLM_BASE_URL.")

    def _of_status(self, error: openai.APIStatusError) -> Exception:
        said = told(error.body if error.body is not None else error.response.text)
        return self._of_told(said, error.status_code, asked_pause(error.response.headers))

    def _of_told(self, said: Told, status: int, wait: float | None) -> Exception:
        what = f": {self._clean(said.message)}" if said.message else "."
        if said.overflow and status not in (401, 403, 429):
            return said.overflow
        if status in (401, 403):
            return ModelError(f"{self.server} refuses the key in DOCQA_LLM_API_KEY ({status}){what}")
        if status == 404 and not re.search(r"\btools?\b", said.message):
            return Unknown(
                f"{self.server} does not know the model '{self.model}' or the address (404); check "
                f"DOCQA_LLM_MODEL and DOCQA_LLM_BASE_URL{what}"
            )
        if said.code == "insufficient_quota":
            return ModelError(f"The account of DOCQA_LLM_API_KEY at {self.server} is used up{what}")
        sentence = f"{self.server} answered with status {status}{what}"
        if status in _SAYS_REFUSED or (status >= 500 and _MEANS_REFUSED.search(said.message)):
            return Refused(sentence, f"{said.param} {said.message}")
        if status in (408, 425, 429) or status >= 500:
            return Failed(sentence, wait)
        return ModelError(sentence)

    def _of_connection(self, error: Exception) -> Failed:
        import httpx2
        import openai

        cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
        unreached = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol, httpx2.ProxyError)
        if isinstance(cause, unreached):
            reason = self._clean(cause) or "no connection in time"
            return Failed(f"No server answers at {self.server} ({reason}): check DOCQA_LLM_BASE_URL.", reached=False)
        return Failed(self._broken(error))

    def _broken(self, error: Exception) -> str:
        cause = error.__cause__ or error
        if "Timeout" in type(cause).__name__:
            return f"{self.server} was silent for {self._settings.llm_silence:g} seconds (DOCQA_LLM_SILENCE)."
        return f"{self.server} broke off in the middle ({self._clean(cause) or type(cause).__name__})."

    def _timeout(self, read: float) -> openai.Timeout:
        import openai

        connect = min(self._settings.llm_connect_timeout, read)
        return openai.Timeout(connect=connect, read=read, write=read, pool=read)

    def _clean(self, message: object) -> str:
        """A message of others without the key, should it repeat it."""
        text, key = " ".join(str(message).split()), self._settings.llm_api_key
        return text.replace(key, "…") if key else text


def _status(chunk: Mapping[str, Any]) -> int:
    """The status that an error inside a stream stands for; 500 where it does not say."""
    inner = chunk.get("error")
    code = inner.get("code") if isinstance(inner, Mapping) else chunk.get("code")
    return int(code) if str(code).isdigit() and 400 <= int(code) < 600 else 500  # type: ignore[arg-type]


def _well_formed(value: Any) -> Any:
    """A JSON value without lone surrogates, which cannot be sent."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {str(_well_formed(k)): _well_formed(v) for k, v in value.items()}
    return [_well_formed(item) for item in value] if isinstance(value, list | tuple) else value
