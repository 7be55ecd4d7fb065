"""The simulated machine: what runs on a node.

Reading order: files (disks and mounts), dns (names), identity (hostname, hosts, environment), images (what an image
contains), machine (one container as a command sees it), process (a running command and its streams), shell/ (a POSIX
shell), commands/ (the programs of the images), servers, http and network (who answers at an address), sql, run (one
command), entrypoint (what a container's main process does), probes; then the kubelet, which has all this done: mounts and
attachments (volumes), runtime and runs (a container in the course of time), pulls, probing, podstatus, container, worker (one
pod), kubelet, heartbeat (the node itself); and what kubectl reaches: reach, terminal, logs, exec.

Everything here is pure: a command reads and writes disks that are handed to it, time is virtual, and nothing
touches the learner's own machine.
"""
