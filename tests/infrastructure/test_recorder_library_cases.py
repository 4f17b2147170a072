"""The library's own test cases for recorders pass on the registry's."""

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import InfrastructureFactory, InfrastructureFactoryError
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)

from infrastructure.postgres.datastore import RegistryDatastore
from infrastructure.postgres.factory import FACTORY_TOPIC, RegistryFactory
from infrastructure.postgres.recorder import EventRecorder, EventStreamRecorder


class _OnFreshDatabase:
    @pytest.fixture(autouse=True)
    def _open(self, database):
        self.datastore = RegistryDatastore(database.app_url, pool_size=6)
        with self.datastore:
            yield


class TestEventStreamRecorder(_OnFreshDatabase, AggregateRecorderTestCase):
    """Streams, as the library expects them of an aggregate recorder."""

    def create_recorder(self) -> EventStreamRecorder:
        return EventStreamRecorder(self.datastore)


class TestEventRecorder(_OnFreshDatabase, ApplicationRecorderTestCase[EventRecorder]):
    """Streams and positions, as the library expects them of an application recorder."""

    def create_recorder(self) -> EventRecorder:
        return EventRecorder(self.datastore)

    def test_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleaving(_OnFreshDatabase, NonInterleavingNotificationIDsBaseCase):
    """Two large saves at once don't mix their positions."""

    def create_recorder(self) -> EventRecorder:
        return EventRecorder(self.datastore)


class Parcel(Aggregate):
    """Something that moves."""

    def __init__(self) -> None:
        self.place = "here"

    @event("Moved")
    def move(self, place: str) -> None:
        self.place = place


def test_an_application_runs_on_the_factory(database):
    """The library's application saves, loads and reads its log through the registry's factory."""
    env = {"PERSISTENCE_MODULE": FACTORY_TOPIC, RegistryFactory.CONNINFO: database.app_url}
    with Application[object](env=env) as application:
        parcel = Parcel()
        parcel.move("there")
        recordings = application.save(parcel)
        assert [recording.notification.id for recording in recordings] == [1, 2]
        assert application.repository.get(parcel.id).place == "there"
        assert [item.id for item in application.notification_log.select(1, 10)] == [1, 2]


def test_the_unsafe_functions_of_the_library_are_refused(database):
    """An environment that asks for the library's database functions doesn't start: they lose events to readers."""
    env = {
        "PERSISTENCE_MODULE": FACTORY_TOPIC,
        RegistryFactory.CONNINFO: database.app_url,
        RegistryFactory.POSTGRES_ENABLE_DB_FUNCTIONS: "y",
    }
    with pytest.raises(InfrastructureFactoryError, match="lose events"):
        InfrastructureFactory.construct(env)


def test_recorders_that_the_role_could_not_serve_are_refused(database):
    """Snapshots, tracking and process recorders need more than adding events, and say so at once."""
    with RegistryFactory({RegistryFactory.CONNINFO: database.app_url}) as factory:
        for refused in (
            lambda: factory.aggregate_recorder("snapshots"),
            factory.tracking_recorder,
            factory.process_recorder,
        ):
            with pytest.raises(InfrastructureFactoryError):
                refused()
