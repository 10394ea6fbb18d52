"""The service: OpenAI's API over documents, and beside it what that API lacks. Started by ``docqa serve``."""
