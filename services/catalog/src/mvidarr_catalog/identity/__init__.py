"""Who people are, and the keys that act for them."""
