"""What the scheduler is made of: what is known of a node, filters, scores, and the binding of volumes."""
