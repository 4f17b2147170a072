"""The event store on PostgreSQL: the embedded server, migrations, the recorder, and the pools over them."""
