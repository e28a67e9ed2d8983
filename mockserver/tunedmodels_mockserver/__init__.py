"""A mock server of the Gemini API's model tuning."""
