"""One loop: read a batch of the log, fold, decide, commit, publish. Everything else serves it."""
