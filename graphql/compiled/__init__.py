"""Operations compiled once per document: one plain statement a root field, and an encoder made for the selection."""
