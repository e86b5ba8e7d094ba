"""`python -m randonumber.sandbox`: the sandbox in any project's environment that has Flask."""

from randonumber.sandbox.commands import sandbox

sandbox()
