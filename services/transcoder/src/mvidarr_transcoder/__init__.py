"""The transcoder owns the media files: what they hold, whether they are whole, and where they lie.

It hears jobs that look at media (probe, verify, quality, fingerprint …), make others of it
(transcode, trim, thumbnails, hls …) and move files (place, rename, trash …), and says what came of
them. It keeps no state of its own and reaches nothing beyond the data root: every job is one file
in `operations/`, and everything that parses media runs in a child process.
"""
