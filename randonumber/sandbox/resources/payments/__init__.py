"""Payment methods, the intents that use them, and the charges they make."""
