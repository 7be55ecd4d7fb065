"""What the controllers of StatefulSets, Deployments and ReplicaSets are made of: identity, claims, revisions, ownership."""
