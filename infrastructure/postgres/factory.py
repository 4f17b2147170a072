"""What `eventsourcing.application.Application` builds its store from, told by its environment which database it is."""

from pathlib import Path

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactoryError,
    ProcessRecorder,
)
from eventsourcing.postgres import BasePostgresFactory, PostgresFactory, TPostgresTrackingRecorder
from eventsourcing.utils import Environment, EnvType, strtobool

from .datastore import RegistryDatastore
from .free_space import FreeSpace
from .recorder import EventRecorder, EventStreamRecorder

FACTORY_TOPIC = "infrastructure.postgres.factory:RegistryFactory"


class RegistryFactory(PostgresFactory):
    """The library's factory on the registry's event table.

    Reads `REGISTRY_CONNINFO` (required), `REGISTRY_RECORDER_POOL_SIZE` and `…_PATIENCE` and `…_SAVE_SECONDS`, and the folder and bytes of
    `FreeSpace` (`REGISTRY_SPACE_…`) from the application's environment; see `Database.application_environment`. Raises
    `InfrastructureFactoryError` when the first is missing, or when `POSTGRES_ENABLE_DB_FUNCTIONS` asks for the library's
    database functions: they draw positions without a lock, so that readers lose events.
    """

    CONNINFO = "REGISTRY_CONNINFO"
    POOL_SIZE = "REGISTRY_RECORDER_POOL_SIZE"
    PATIENCE = "REGISTRY_RECORDER_PATIENCE"
    SAVE_SECONDS = "REGISTRY_RECORDER_SAVE_SECONDS"
    SPACE = "REGISTRY_SPACE_FOLDER"
    LEAST_SPACE = "REGISTRY_SPACE_LEAST"

    aggregate_recorder_class = EventStreamRecorder
    application_recorder_class = EventRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        """Describe the connections; the first use opens them."""
        # The library's own constructor asks for host, user and password one by one and makes a pool of those.
        super(BasePostgresFactory, self).__init__(env)
        if strtobool(self.env.get(self.POSTGRES_ENABLE_DB_FUNCTIONS) or "no"):
            raise InfrastructureFactoryError(
                f"Unset {self.POSTGRES_ENABLE_DB_FUNCTIONS}: the library's database functions store events without the "
                "lock that keeps positions in commit order, so readers would lose events."
            )
        conninfo = self.env.get(self.CONNINFO)
        if not conninfo:
            raise InfrastructureFactoryError(f"Pass the database's connection string as {self.CONNINFO}.")
        self.datastore = RegistryDatastore(
            conninfo,
            pool_size=int(self.env.get(self.POOL_SIZE) or 4),
            patience=float(self.env.get(self.PATIENCE) or 5),
            save_seconds=float(self.env.get(self.SAVE_SECONDS) or 10),
        )
        folder = self.env.get(self.SPACE)
        self._space = FreeSpace(Path(folder), int(self.env.get(self.LEAST_SPACE) or 0)) if folder else None

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """A recorder of streams; raises `InfrastructureFactoryError` for snapshots, which the registry has none of."""
        if purpose != "events":
            raise InfrastructureFactoryError(f"Turn {purpose} off: the registry's store holds events only.")
        return EventStreamRecorder(self.datastore, space=self._space)

    def application_recorder(self) -> ApplicationRecorder:
        """The recorder of an application's events."""
        return EventRecorder(self.datastore, space=self._space)

    def tracking_recorder(
        self,
        tracking_recorder_class: type[TPostgresTrackingRecorder] | None = None,  # noqa: ARG002 - the library's signature
    ) -> TPostgresTrackingRecorder:
        """Raise `InfrastructureFactoryError`: projections keep their position in their own tables."""
        raise InfrastructureFactoryError("Use a projection: its position is stored with its rows, not by a recorder.")

    def process_recorder(self) -> ProcessRecorder:
        """Raise `InfrastructureFactoryError`: the application's role may add events and nothing else."""
        raise InfrastructureFactoryError("Use a projection: its position is stored with its rows, not by a recorder.")
