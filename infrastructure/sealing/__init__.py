"""Personal data under keys that can be destroyed: what is sealed, under which key, and how erasure is final (PIPL art. 47)."""
