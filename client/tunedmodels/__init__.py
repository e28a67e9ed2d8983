"""A client for the Gemini API's model tuning."""
