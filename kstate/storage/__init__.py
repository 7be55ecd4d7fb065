"""What the controllers of volumes and claims are made of: which volume fits, what binding edits, who provisions."""
