"""Alerts: what senders say as one kind of event, what is known of an alert, and where it leads. Pure."""
