"""Runs without hands: scripted worlds in virtual time, for `steady test` and for the properties of the heart. Pure."""
