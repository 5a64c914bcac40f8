"""The hands: step kinds that act, behind one narrow seam (protocol.py)."""
