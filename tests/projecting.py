"""A projection at work on events in memory, batch by batch, as the live one and a rebuild are on stored ones."""

from application.projections.states import CASE_TOPICS, CaseStates


class Projecting:
    """A projection's rules and the cases that they remember, over a log of (event, position) pairs."""

    def __init__(self, projection, log):
        def stream(stream_id, position):
            return [event for event, at in log if event.originator_id == stream_id and at < position]

        self.projector, self.cases = projection.projector(stream), CaseStates(stream)

    def take_in(self, batch, rows):
        """One batch, as one transaction takes it in; answers the rows."""
        for event, position in batch:
            if event.TOPIC in CASE_TOPICS:
                self.cases.take_in(event, position)
            self.projector.project(event, position, rows)
        list(self.projector.settle(self.cases.touched, rows))
        self.cases.done()
        return rows
