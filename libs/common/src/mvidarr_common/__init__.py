"""What MVidarr's services share: the language they speak, the bus, and the chassis."""
