"""The transparency log at work: who writes its tiles, who reads them, where its keys lie, and what it refuses."""
