"""kubectl in process."""
