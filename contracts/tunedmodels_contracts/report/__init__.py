"""The report: what runs of the suite have shown, as JSON, Markdown, HTML and JUnit's XML."""
