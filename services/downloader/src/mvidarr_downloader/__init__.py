"""The downloader fetches videos. It owns nothing: what it writes lies in the staging folder of the
job and is the next job's to take. It hears the jobs of the queue `download`; it says how far they
are, and what came of them. With the notifier it is the only service that reaches into the world.
"""

import os
import sys

if _other := os.environ.get("MVIDARR_YTDLP_PATH"):
    # Before anything imports yt-dlp; the fork server is given this very path.
    sys.path.insert(0, _other)
