"""Run by Alembic: takes the connection that ``ingest.catalog.engine`` hands over."""

from alembic import context

from ingest.catalog.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
