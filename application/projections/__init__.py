"""Read models: which tables there are and what their rows look like, and what each event does to them."""
