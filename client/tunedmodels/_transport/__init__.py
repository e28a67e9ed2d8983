"""Transport: sends requests, with credentials, retries and deadlines, and turns failures into our errors."""
