"""The memory of an agent run: main context (RAM), archival storage (disk), recall storage (the whole conversation)."""
