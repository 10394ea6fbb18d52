"""Responses as OpenAI's API has them: from a request to a question, and from a run's events to typed ones.

``items`` reads what a request says, ``history`` what was said before it, ``scope`` where its searches look. ``shape``
makes the response, ``writer`` has it grow with the run, ``settling`` finds out what became of one that was left to a
worker.
"""
