"""The gateway: HTTP and websockets in, Commands and Queries out.

It owns nothing but its caches. It hears HTTP requests, the log from the moment it started, and the
passing Signals; it says Commands on behalf of whoever asked, waits for what comes of them, asks the
catalog for what people want to see, and tells websocket clients what happens. Every request is
checked for its caller and role in one place (`guard`), and every error is a problem+json.
"""
