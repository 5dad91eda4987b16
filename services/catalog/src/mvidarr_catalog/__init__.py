"""The catalog: the brain.

It owns the database. It hears the log, in order, and Queries. It folds every record into the read
model, decides what follows, and says that as Events; nobody else decides anything.
"""
