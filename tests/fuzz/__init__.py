"""The differential fuzzer: the same random scenario on two clusters, compared step by step; the first difference is shrunk.

    python -m tests.fuzz A.kubeconfig B.kubeconfig --seed 1 --runs 20

It works in a namespace of its own, with volumes and a class whose names begin alike, and removes them again; everything goes over
the REST API with kstate's own kubectl, so that only the clusters can differ.  What is compared is what tests/conformance compares.
"""
