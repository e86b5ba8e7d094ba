#!/usr/bin/env python
"""Load `.env`, then run the Flask CLI."""

from randonumber.cli import main

if __name__ == "__main__":
    main()
