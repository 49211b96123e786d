"""Local page: one volume at a time is translated in the browser of this machine. Nothing is sent elsewhere or kept."""
