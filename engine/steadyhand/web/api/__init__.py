"""The HTTP API: a table of operations, from which the routes and the OpenAPI document are made.

The client (`steadyhand.client`) speaks the same structs. Runs, gates, leases and the audit are those of the commands.
"""
