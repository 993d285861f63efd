"""The booth's own web pages: the officer's page, the public board and the ticket page."""
