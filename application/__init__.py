"""Use cases: one method each; the views people read; what projections do with each event; the ports to the outside."""
