"""The memory of an agent run: main context (RAM), archival storage (disk) and recall storage (the whole conversation)."""
