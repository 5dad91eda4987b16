"""Real sample videos, a web site that serves them, and a webhook receiver: for demo and tests."""
