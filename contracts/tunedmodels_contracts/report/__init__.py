"""Reports the results of runs of the suite as JSON, Markdown, HTML and JUnit XML."""
