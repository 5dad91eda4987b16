"""The life of every job: who waits, who runs, what comes next."""
