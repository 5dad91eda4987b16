"""The transcoder owns the media files: what they hold, whether they are whole, and where they lie.

It hears jobs (probe, verify, transcode, thumbnails, place, trash, restore, purge, tidy, noop) and
says what came of them. It keeps no state of its own and reaches nothing beyond the data root: every
job is one file in `operations/`, and everything that parses media runs in a child process.
"""
