"""A recognition case: what happened (`events`), what follows (`state`), what must hold (`guards`), and its stream (`case`)."""
