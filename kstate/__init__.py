"""kstate: Kubernetes' stateful side as a state machine, deterministic, steppable, rewindable, able to say why."""
