"""The simulation: values in, values out. Time and chance are handed in; nothing here knows Flask."""
