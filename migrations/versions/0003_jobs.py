"""The job queue: procrastinate's own schema, as the installed version gives it."""

from __future__ import annotations

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create procrastinate's tables, types and functions."""
    op.execute(SchemaManager.get_schema())


def downgrade() -> None:
    """Drop everything that procrastinate made."""
    op.execute(
        """
        DO $$
        DECLARE item record;
        BEGIN
            FOR item IN SELECT tablename FROM pg_tables
                         WHERE schemaname = 'public' AND tablename LIKE 'procrastinate%' LOOP
                EXECUTE format('DROP TABLE %I CASCADE', item.tablename);
            END LOOP;
            FOR item IN SELECT oid::regprocedure AS name FROM pg_proc
                         WHERE proname LIKE 'procrastinate%' AND pronamespace = 'public'::regnamespace LOOP
                EXECUTE format('DROP FUNCTION %s CASCADE', item.name);
            END LOOP;
            FOR item IN SELECT typname FROM pg_type
                         WHERE typname LIKE 'procrastinate%' AND typnamespace = 'public'::regnamespace
                           AND typtype IN ('e', 'c') LOOP
                EXECUTE format('DROP TYPE IF EXISTS %I CASCADE', item.typname);
            END LOOP;
        END $$
        """
    )
