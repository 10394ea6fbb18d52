"""The functions that the model may call, and how a call of the model becomes an observation for it.

``functions`` holds them: a tool is a typed method of ``Tools`` whose docstring is what the model reads; ``schemas``
derives its JSON schema from its signature. A mistake of the model (a missing argument, an unknown chunk, a quote that
stands nowhere) becomes an observation; what fails in the archive raises.
"""

from docqa.tools.functions import Tools
from docqa.tools.observations import Answer, Observation
from docqa.tools.schemas import CONVERSATION, CORE, NAMES, specs

__all__ = ["CONVERSATION", "CORE", "NAMES", "Answer", "Observation", "Tools", "specs"]
