"""The door of the server: pages, the API, event streams, the intake of alerts. Every act is a use case of the desk."""
