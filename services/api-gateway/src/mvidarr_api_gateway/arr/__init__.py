"""What dashboards, exporters and request programs of the *arr family ask, in the words they know.

`shapes` are their records, `telling` makes these of our views, `paging` is their way through lists.
The names are Radarr's, odd spellings included; nothing is renamed, and what we add comes beside.
"""
