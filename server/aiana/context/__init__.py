"""The `<aiana-context>` block that the next chat gets, and how it stays out of memory."""
