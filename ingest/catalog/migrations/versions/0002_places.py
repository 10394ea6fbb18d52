"""Documents move: the place where one stands is told apart from its id."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the place of each document, which has been its id so far."""
    op.add_column("documents", sa.Column("place", sa.String(36), nullable=True))
    op.execute("UPDATE documents SET place = id")
    op.create_index("ix_documents_place", "documents", ["place"])
