"""What Alembic runs to apply the steps, on the connection (and in the transaction) that `migrate` hands over."""

from alembic import context

from worker.adapters.store.schema import METADATA


def run() -> None:
    context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
    context.run_migrations()


if __name__ == "env_py":  # the name under which Alembic loads this file; any other import does nothing
    run()
