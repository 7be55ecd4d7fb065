"""kubectl in process: what it prints, against the specification, recordings, and the real one."""
