"""Proto-JSON: messages as JSON text, read as leniently and written as exactly as the service does."""
