"""Run by Alembic: takes the connection that ``docqa.database`` hands over."""

from alembic import context

from docqa.registry.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
