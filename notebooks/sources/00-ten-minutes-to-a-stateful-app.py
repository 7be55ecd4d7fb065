# %% [markdown]
# # 00 · Ten minutes to a stateful app
#
# **15 minutes** (5 to read, 10 to do). You need: some YAML, some `kubectl`. You do not need: a cluster.
#
# Afterwards you can
#
# - **read** the picture of a stateful app: Service, StatefulSet, Pods, claims, volumes;
# - **predict** what a StatefulSet does when it starts, when a Pod is deleted, when it is scaled;
# - **act** on it with buttons, with keys and with `kubectl`;
# - **explain** why a file is still there after its Pod is gone.
#
# Everything runs inside this notebook: a small engine that follows the rules of a Kubernetes 1.36 control plane, step by
# step, with its own clock. You can undo everything. Each lesson goes the same way, again and again:
# **predict** → **act** → **observe** → **explain**. A prediction that was wrong is worth more than one that was never made.

# %%
from tutorial import Lesson, manifest

lesson = Lesson("00")
lab = lesson.lab

# %% [markdown]
# ## The hook
#
# A web server writes a file. Its Pod is deleted. A minute later the file is served again, by a Pod that never saw it
# being written. *Where was the file in between?*
#
# Here is the app: three volumes on an NFS server, a headless Service, and a StatefulSet of three. Run the cell and read it
# once; the lines that matter are `serviceName`, `replicas` and `volumeClaimTemplates`.

# %%
print(manifest("statefulset"))

# %% [markdown]
# ## 1 · Three Pods are asked for
#
# **Predict.** Nothing is applied yet. Click what you expect.

# %%
lesson.predict("P1")

# %% [markdown]
# **Act.** Apply the three volumes, the Service and the set. Then let the controllers run until nothing changes any more.

# %%
lab.apply(manifest("volumes", "service", "statefulset"))
lab.settle()

# %% [markdown]
# **Observe.** This is the live view: click **Step** or **Run**, the **−** and **+** at the set, or an object. Arrow keys move
# between objects, `?` lists all keys. On the right: what happened (Story), why something waits (Why), and the `kubectl`
# command that would have done what you clicked.

# %%
lab.show()

# %% [markdown]
# The same in words. `%kubectl` is kubectl inside this notebook, without a server; Tab completes. Point at a row: the view shows whose it is.

# %%
# %kubectl get pods

# %%
lesson.reveal("P1")

# %% [markdown]
# **Explain.** A StatefulSet counts its Pods: `web-0`, `web-1`, `web-2`. With `podManagementPolicy: OrderedReady`, the default,
# it creates the next one only when the one before is Running and Ready. For each Pod it first makes a claim from the
# template, `www-web-0` and so on, and each claim was bound to one of the volumes.
# ([docs](https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/))

# %% [markdown]
# ## 2 · A Pod is deleted
#
# First, a file: written through `web-0`, into the directory where its volume is mounted.

# %%
# %kubectl exec web-0 -- sh -c 'echo hello > /usr/share/nginx/html/aaa.txt'
# %kubectl exec web-0 -- cat /usr/share/nginx/html/aaa.txt

# %% [markdown]
# **Predict**, twice.

# %%
lesson.predict("P2")

# %%
lesson.predict("P3")

# %% [markdown]
# **Act.** You can run this cell, or click `web-0` in the view above and press **Delete**, then **Run**.

# %%
# %kubectl delete pod web-0

# %% [markdown]
# **Observe.**

# %%
# %kubectl get pods

# %%
# %kubectl exec web-0 -- cat /usr/share/nginx/html/aaa.txt

# %%
lesson.reveal("P2")

# %%
lesson.reveal("P3")

# %% [markdown]
# **Explain.** The Pod is new: another uid, another address. What came back is the *identity*: the name `web-0` and, by its name,
# the claim `www-web-0`. The claim was bound to its volume all the time; the file lay there. That answers the hook.

# %% [markdown]
# ## 3 · Fewer Pods
#
# **Predict.**

# %%
lesson.predict("P4")

# %% [markdown]
# **Act.**

# %%
# %kubectl scale sts web --replicas=2

# %% [markdown]
# **Observe.** Look at the row of `web-2`: what is left of it?

# %%
lab

# %%
lesson.reveal("P4")

# %% [markdown]
# **Explain.** By default a StatefulSet never deletes storage: not when it is scaled down, not when it is deleted itself. Scale up
# again, and `web-2` finds its old files.

# %% [markdown]
# ## Exercises
#
# Each has a lab of its own. Work with the buttons, or with `exercise.kubectl("…")` in a cell of yours. **Check** says which
# condition does not hold yet; **Hint** has three levels; a shown solution never counts as solved.

# %%
e1 = lesson.exercise("E1")
e1

# %%
e1.check()

# %%
e2 = lesson.exercise("E2")
e2

# %%
e2.check()

# %%
e3 = lesson.exercise("E3")
e3

# %%
e3.check()

# %% [markdown]
# ## What to keep
#
# - Pods of a StatefulSet have names that are counted, `web-0`, `web-1`, and come in that order.
# - A deleted Pod comes back under its old name, with its old claim. The address is new.
# - Files live on the volume behind the claim. Scaling down keeps the claim.
#
# ## Four sentences to judge

# %%
lesson.selftest()

# %% [markdown]
# ## Where you are
#
# `lab.session()` is your whole session as one string: whoever runs `lab.replay("…")` with it stands where you stand.

# %%
print(lesson.progress())

# %% [markdown]
# **Next:** [04 · The whole NFS example](04-the-whole-nfs-example.ipynb): the same app looked at from all sides, with names, addresses,
# other namespaces, and storage that is made on demand.
