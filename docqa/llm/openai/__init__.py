"""A language model behind any server that speaks OpenAI's chat completions.

- ``model.py``: one step of the model; ``opening.py``: what is checked before
- ``client.py``, ``sse.py``, ``watch.py``, ``errors.py``: one request, its stream, its end, what can go wrong
- ``exchange.py``, ``retrying.py``, ``dialect.py``: repeated when it fails, said otherwise when it is refused
- ``asking.py`` with ``native.py`` and ``schema.py``, ``rendering.py``: a step in each way of calling functions
- ``pieces.py``, ``showing.py``, ``reading.py``, ``markup.py``, ``loose_json.py``: what the model wrote
- ``probe.py``, ``remembered.py``: which way a model masters, found out once
- ``counting.py``: tokens
"""
