"""The state of every tier, as status and doctor tell it."""
