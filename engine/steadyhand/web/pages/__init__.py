"""The pages: made on the server, whole without a script; one script makes them live. Each route is one use case."""
