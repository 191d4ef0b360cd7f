"""From a query to ranked hits: lanes, fusion, pages, snippets."""
