"""Alembic's way in, shared by all services: it works on the connection that ``setu_common.db.migrate`` hands it."""

from alembic import context

_attributes = context.config.attributes

context.configure(
    connection=_attributes["connection"],
    version_table_schema=_attributes["schema"],
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
