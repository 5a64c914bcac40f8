"""Who may come in: accounts, sessions, tokens, and what an identity provider says. Reached by the desk alone."""
