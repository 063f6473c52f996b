"""Messages to people, as pure rules: states, quiet hours, texts, mails, addresses."""
