#!/bin/sh
# What CI runs; any system that can run a shell will do.
set -e
pip install steadyhand
steady validate --strict runbooks
steady test --coverage-min 100 runbooks
