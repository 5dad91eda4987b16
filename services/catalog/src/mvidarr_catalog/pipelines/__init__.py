"""What follows what, as data: `standard` has the pipelines that come along, people add others."""
