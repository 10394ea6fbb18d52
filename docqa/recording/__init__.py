"""Recordings of runs: everything that a run was given and everything that it said, in one file.

``recorded`` runs an agent and records it; ``read`` reads a file; ``replay`` runs today's agent on a recorded run and
says where it departs; ``trace`` tells step by step what a run had in its context and what that cost. A recording holds
the questions and the text of documents: keep it like the documents. docs/recordings.md describes the file.
"""

from docqa.recording.departures import Departure
from docqa.recording.reading import Run, read
from docqa.recording.record import RecordedRun, Recording, recorded
from docqa.recording.replay import Replay, replay
from docqa.recording.trace import Step, Trace, trace

__all__ = [
    "Departure",
    "RecordedRun",
    "Recording",
    "Replay",
    "Run",
    "Step",
    "Trace",
    "read",
    "recorded",
    "replay",
    "trace",
]
