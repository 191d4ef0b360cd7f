"""Sessions and memories as Markdown and pages, from values."""
