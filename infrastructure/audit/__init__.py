"""The audit of everything that is recorded: streams by the guards, columns, seals, claims, times, and the transparency log."""
