"""The embedded archive and the server archive beside each other and beside the bare client.

    python -m benchmarks.archives --data FOLDER [--work FOLDER] [--part ranking …] [--plot FILE]

Needs a Weaviate server, as ``make weaviate-run`` starts one, named by the settings ``DOCQA_WEAVIATE_…``. What
it writes there goes into collections whose names begin with ``Bench``, removed at the end.
"""
