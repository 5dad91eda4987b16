"""The downloader fetches videos. It owns nothing: what it writes lies in the staging folder of the
job and is the next job's to take. It hears the jobs of the queue `download`; it says how far they
are, and what came of them. With the notifier it is the only service that reaches into the world.
"""
