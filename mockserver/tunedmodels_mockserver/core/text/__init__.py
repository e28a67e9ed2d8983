"""Text: number words and token counts."""
