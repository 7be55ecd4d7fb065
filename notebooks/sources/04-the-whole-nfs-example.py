# %% [markdown]
# # 04 · The whole NFS example
#
# **40 minutes** (15 to read, 25 to do). Best after [00](00-ten-minutes-to-a-stateful-app.ipynb).
#
# Afterwards you can
#
# - **read** `kubectl get pv,pvc,pods,sts` and **map** each column to the picture;
# - **derive** the names of claims and Pods, and **say** what of them is certain and what is chance;
# - **predict** what happens when there are fewer volumes than replicas;
# - **reach** a Pod by its name, from its own namespace and from another;
# - **tell** volumes made by hand from volumes made on demand.
#
# The example: three volumes on an NFS server, the headless Service `nginx`, the StatefulSet `web`, all in namespace `gsh`.

# %%
from tutorial import Lesson, manifest

lesson = Lesson("04")
lab = lesson.lab
lab.show()

# %% [markdown]
# ## The hook
#
# A colleague wrote down: "pv1 belongs to web-0, pv2 to web-1, pv3 to web-2." It was so when he looked. *Which part of this is a
# rule, and which part was luck?*

# %%
print(manifest("volumes").split("---")[0], manifest("service"), sep="---\n")

# %% [markdown]
# ## 1 · Three of everything
#
# **Predict.** The set is called `web`, its claim template `www`.

# %%
lesson.predict("P1")

# %%
lesson.predict("P2")

# %% [markdown]
# **Act.** The files lie in `tutorial/manifests`.

# %%
# %kubectl apply -f volumes.yaml -f service.yaml -f statefulset.yaml

# %% [markdown]
# **Observe.** A while later (`lab.run(seconds)` lets the cluster's own clock go on):

# %%
lab.run(63)
# %kubectl get sts

# %%
# %kubectl get pods

# %%
# %kubectl get pv

# %%
# %kubectl get pvc

# %%
lab

# %%
lesson.reveal("P1")

# %%
lesson.reveal("P2")

# %% [markdown]
# **Explain.** What is a rule: claims are named `<template>-<set>-<ordinal>`, Pods `<set>-<ordinal>`, and Pods come in the order of their
# ordinals (look at the ages). What is luck: which of three equal volumes a claim gets. In this lab the dice fell as in the
# colleague's note; with another seed they fall otherwise:

# %%
from tutorial import Lab

for seed in (1, 3, 5):
    other = Lab(manifest("volumes", "service", "statefulset"), namespace="gsh", seed=seed)
    bound = other.kubectl("get pvc --no-headers -o custom-columns=:metadata.name,:spec.volumeName")
    print(f"seed {seed}", bound, sep="\n")

# %% [markdown]
# ## 2 · A Pod comes and goes
#
# Three files first, one through each Pod.

# %%
# %kubectl exec web-0 -- sh -c 'echo I am $HOSTNAME > /usr/share/nginx/html/aaa.txt'
# %kubectl exec web-1 -- sh -c 'echo I am $HOSTNAME > /usr/share/nginx/html/bbb.txt'
# %kubectl exec web-2 -- sh -c 'echo I am $HOSTNAME > /usr/share/nginx/html/ccc.txt'

# %% [markdown]
# **Predict.**

# %%
lesson.predict("P3")

# %% [markdown]
# **Act**, in slow motion: delete `web-0` without waiting, look, let time pass, look again.

# %%
lab.cluster.delete("pod", "web-0")
lab.run(1)
# %kubectl get pods --no-headers

# %%
lab.settle()
# %kubectl get pods,pvc

# %%
lesson.reveal("P3")

# %% [markdown]
# **Explain.** `web-0` was created again by the set, under the same name, and found `www-web-0`. Claim and volume stayed bound the whole
# time: they are no part of the Pod. A claim has to be deleted by hand (or by a retention policy that you ask for).

# %% [markdown]
# ## 3 · Names
#
# The Service is *headless*: it has no address of its own.

# %%
# %kubectl get svc

# %% [markdown]
# A headless Service gives every Pod behind it a name: `<pod>.<service>`. From a busybox in the same namespace:

# %%
# %kubectl run busybox --rm -it --image=busybox --restart=Never -- wget -O - web-0.nginx/aaa.txt

# %%
# %kubectl run busybox --rm -i --image=busybox --restart=Never -- sh -c 'wget -q -O - web-1.nginx/bbb.txt; wget -q -O - web-2.nginx/ccc.txt'

# %% [markdown]
# **Predict.** And from another namespace?

# %%
lesson.predict("P4")

# %% [markdown]
# **Act and observe.**

# %%
# %kubectl run busybox -n default --rm -i --image=busybox --restart=Never -- wget -q -O - web-0.nginx/aaa.txt

# %%
# %kubectl run busybox -n default --rm -i --image=busybox --restart=Never -- wget -q -O - web-0.nginx.gsh/aaa.txt

# %%
lesson.reveal("P4")

# %% [markdown]
# **Explain.** A short name is completed with the search list of the Pod that asks, and the first entry is *its own* namespace. The whole
# name is `web-0.nginx.gsh.svc.cluster.local`; `web-0.nginx.gsh` is enough from anywhere in the cluster.

# %% [markdown]
# ## 4 · More Pods than volumes
#
# **Predict.**

# %%
lesson.predict("P5")

# %% [markdown]
# **Act.**

# %%
# %kubectl scale sts web --replicas=5

# %% [markdown]
# **Observe.** And ask why.

# %%
# %kubectl get pods,pvc

# %%
lab.cluster.why("sts/web")

# %%
lesson.reveal("P5")

# %% [markdown]
# **Predict.** Now a volume is added, and nothing else is touched.

# %%
lesson.predict("P6")

# %%
# %kubectl apply -f pv4.yaml

# %%
# %kubectl get pods,pvc

# %%
lesson.reveal("P6")

# %% [markdown]
# **Explain.** Nobody retries by hand in Kubernetes: the volume controller looks at every Pending claim again, every 15 seconds. As soon as
# `web-3` was Ready the set went on with `web-4`, which now waits for a fifth volume.

# %% [markdown]
# ## 5 · Beside it, a Deployment
#
# Both are controllers; both make Pods from one template and keep their number right. What differs is identity.
#
# **Predict.** Three Pods of a Deployment start beside the set; one Pod of each is deleted.

# %%
lesson.predict("P7")

# %% [markdown]
# **Act and observe.**

# %%
# %kubectl scale sts web --replicas=3
# %kubectl apply -f deployment.yaml
# %kubectl get pods -o name

# %%
cattle = [p["metadata"]["name"] for p in lab.cluster.list("pods", selector="app=cattle")][0]
lab.kubectl(f"delete pod web-0 {cattle}")
# %kubectl get pods -o name

# %%
lesson.reveal("P7")

# %% [markdown]
# **Explain.**
#
# | | Deployment | StatefulSet |
# |---|---|---|
# | makes Pods from one template, keeps their number | yes | yes |
# | name of a Pod | random, a new one each time | `<set>-<ordinal>`, always the same |
# | order of start and stop | none | 0, 1, 2 … and back |
# | storage | all Pods share what the template names | a claim of its own for each ordinal |
# | name in DNS | none of its own | `<pod>.<service>`, with a headless Service |
#
# So a set serves whoever has to find *its own* data again after a restart: databases, queues, anything with members that
# know each other by name.

# %% [markdown]
# ## 6 · Volumes on demand
#
# Until now somebody made volumes by hand, and claims found them. A **StorageClass** names a *provisioner* that makes a volume when a
# claim asks for one. Two classes side by side; `slow` exists, `fast` does not yet.

# %%
print(manifest("class-slow", "claim1"))

# %% [markdown]
# **Predict.**

# %%
lesson.predict("P8")

# %% [markdown]
# **Act and observe.**

# %%
# %kubectl apply -f class-slow.yaml -f claim1.yaml
# %kubectl get sc,pvc -l '!app'

# %%
lab.cluster.why("pvc/claim1")

# %%
lesson.reveal("P8")

# %% [markdown]
# Now the class is made. Its provisioner is an external driver, `fast.example.com`:

# %%
# %kubectl apply -f class-fast.yaml
lab.cluster.why("pvc/claim1")

# %% [markdown]
# The class exists, and still the claim waits: a class only *names* a driver, it does not bring one. Install it:

# %%
# %kubectl apply -f driver-fast.yaml
# %kubectl get pvc claim1

# %% [markdown]
# **Explain.** `volumeBindingMode: Immediate` made the volume as soon as the claim existed; `WaitForFirstConsumer` would have waited for a Pod.
# `allowVolumeExpansion: true` lets the claim grow later. `reclaimPolicy: Delete`, the default of a class, means: delete the claim, and
# the volume goes with its data. Ours made by hand say `Recycle`: wiped, and offered again (deprecated since long).

# %% [markdown]
# ## Exercises

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
# - Certain: names of Pods and claims, the order of Pods, and that a Pod finds its claim again.
# - Not certain: which of several equal volumes a claim gets.
# - A headless Service gives names to Pods; a name without namespace is completed with that of whoever asks.
# - A claim waits, and says why. Volumes by hand: somebody must add one. Volumes on demand: a class *and* a driver.
#
# ## Four sentences to judge

# %%
lesson.selftest()

# %%
print(lesson.progress())
