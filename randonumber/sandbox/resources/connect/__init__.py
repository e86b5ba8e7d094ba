"""Connected accounts: who they are, how they are opened and closed, and where their money goes."""
