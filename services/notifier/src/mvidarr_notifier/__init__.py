"""Tells people what happened. Owns nothing and keeps no state.

Hears Events worth telling from the durable queue `notifier.events` and says one
`EnqueueJob(Notify)` for each subscription that matches; hears `jobs.notify`, sends each over its
channel, and says what came of it.
"""
