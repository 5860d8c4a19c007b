"""OpenAI's audio API on Setu's jobs: what is asked in its words, answered in its shapes. docs/openai-api.md has the table."""
