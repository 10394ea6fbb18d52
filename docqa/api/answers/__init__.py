"""From a question to what a client is sent: what is asked, citations with their links, sources, steps."""
