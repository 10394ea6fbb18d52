"""How the tables of recall storage came to be, step by step, for Alembic."""
