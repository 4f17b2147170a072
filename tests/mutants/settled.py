"""A pytest plugin: properties are tried on the same examples each time, none is kept, and no clock fails a test."""

from hypothesis import Phase, settings

settings.register_profile(
    "mutants", derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate], print_blob=False
)
settings.load_profile("mutants")
