"""The explorer: a page to look around in a partition, one file that needs nothing else.

`explorer` makes the page; modules that end in ``_arrays`` say what it is told about networks and regions, and
`payload` packs that into text. The folder ``page`` has its sources as the browser reads them.
"""
