"""Support conversations: organisations, their API keys, the people who write, and what they write."""
