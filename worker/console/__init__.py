"""The support leads' web pages: server-rendered, an app of its own beside the webhook's, bound to loopback."""
