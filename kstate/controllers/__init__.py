"""The controllers of a control plane, one file each, all of one shape (see base.Controller)."""
