"""Where kubectl waits, virtual time passes: delete, wait, rollout, drain (KCTL-42, KCTL-45 to KCTL-47, KCTL-53)."""
from __future__ import annotations


def test_KCTL_42_delete_waits_until_the_object_is_gone(run, cluster):
    before = cluster.now
    run("delete pod web-0", settle=False)
    assert cluster.now > before


def test_KCTL_42_a_claim_in_use_is_never_gone(run, cluster):
    result = run("delete pvc www-web-0")
    assert result == ('persistentvolumeclaim "www-web-0" deleted\n', "error: timed out waiting for the condition on persistentvolumeclaims/www-web-0\n", 1)
    before = cluster.now
    assert run("delete pvc www-web-1 --timeout=7s", settle=False).code == 1
    assert cluster.now - before == 7000


def test_KCTL_47_wait_for_a_condition(run):
    run("delete pod web-1 --wait=false", settle=False)
    run("delete pod web-0 --wait=false", settle=False)
    assert run("wait --for=delete pod/web-0 --timeout=60s", settle=False).code == 0
    assert run("wait --for=jsonpath={.status.readyReplicas}=2 sts/web --timeout=5m", settle=False).stdout == "statefulset.apps/web condition met\n"
    assert run("wait --for=condition=ready pods -l app=nginx").stdout == "pod/web-0 condition met\npod/web-1 condition met\n"


def test_KCTL_47_wait_gives_up_at_the_time_it_was_given(run, cluster):
    before = cluster.now
    assert run("wait --for=condition=Nice pod/web-0 --timeout=10s", settle=False).stderr == "error: timed out waiting for the condition on pods/web-0\n"
    assert cluster.now - before == 10_000
    assert run("wait --for=condition=Ready pods -l app=none").stderr == "error: no matching resources found\n"
    assert run("wait --for=nice pod/web-0").stderr == 'error: unrecognized condition: "nice"\n'


def test_KCTL_R2_status_of_a_statefulset_line_by_line(run):      # KCTL-45, KCTL-R1
    run("set image sts/web nginx=nginx:1.25", settle=False)
    lines = run("rollout status sts/web", settle=False).stdout.splitlines()
    assert lines[-1] == "partitioned roll out complete: 2 new pods have been updated..."
    assert "Waiting for 1 pods to be ready..." in lines
    assert "Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated..." in lines


def test_KCTL_R2_a_broken_rollout_ends_without_success(run):
    run("annotate sts web x=y")
    run(["patch", "sts", "web", "-p", '{"spec":{"template":{"metadata":{"annotations":{"kstate.dev/fault":"ImagePullBackOff"}}}}}'])
    result = run("rollout status sts/web --timeout=30s")
    assert result.code == 1 and result.stderr == "error: timed out waiting for the condition\n"
    assert set(result.stdout.splitlines()) == {"Waiting for 1 pods to be ready..."}


def test_KCTL_R2_on_delete_has_no_status(run):
    run(["patch", "sts", "web", "-p", '{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}'])
    assert run("rollout status sts/web").stderr == "error: rollout status is only available for RollingUpdate strategy type\n"


def test_KCTL_R3_status_of_a_deployment(run):
    run("create deployment d --image=nginx --replicas=2", settle=False)
    lines = run("rollout status deploy/d").stdout.splitlines()
    assert lines[-1] == 'deployment "d" successfully rolled out'
    assert 'Waiting for deployment "d" rollout to finish: 0 of 2 updated replicas are available...' in lines


def test_KCTL_R4_R5_history_and_undo(run):      # KCTL-46
    run("set image sts/web nginx=nginx:1.25")
    assert run("rollout history sts/web").stdout == "statefulset.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n"
    assert "    Image:\tnginx:1.24\n" in run("rollout history sts/web --revision=1").stdout
    assert run("rollout undo sts/web").stdout == "statefulset.apps/web rolled back\n"
    assert run("get sts web -o jsonpath={.spec.template.spec.containers[0].image}").stdout == "nginx:1.24"
    assert run("rollout history sts/web").stdout.splitlines()[2:4] == ["2         <none>", "3         <none>"]
    assert run("rollout undo sts/web --to-revision=3").stdout == "statefulset.apps/web skipped rollback (current template already matches revision 3)\n"
    assert run("rollout undo sts/web --to-revision=9").stderr == "error: unable to find specified revision 9 in history\n"


def test_KCTL_R6_R7_restart_and_pause(run):
    assert run("rollout restart sts/web", settle=False).stdout == "statefulset.apps/web restarted\n"
    assert run("rollout restart sts/web").stderr.startswith("error: failed to create patch for web: if restart has already been triggered")
    assert run("rollout pause sts/web").stderr == 'error: statefulsets.apps "web" pausing is not supported\n'
    run("create deployment d --image=nginx")
    assert run("rollout pause deploy/d").stdout == "deployment.apps/d paused\n"
    assert run("rollout restart deploy/d").stderr == 'error: deployments.apps "d" can\'t restart paused deployment (run rollout resume first)\n'


def test_KCTL_53_drain_evicts_and_waits(run):
    node = run("get pod web-0 -o jsonpath={.spec.nodeName}").stdout
    result = run(f"drain {node} --ignore-daemonsets")
    assert result.stdout == f"node/{node} cordoned\nevicting pod default/web-0\npod/web-0 evicted\nnode/{node} drained\n"
    assert run("get pod web-0 -o jsonpath={.spec.nodeName}").stdout != node


def test_KCTL_53_a_budget_is_in_the_way(run, cluster):
    node = run("get pod web-0 -o jsonpath={.spec.nodeName}").stdout
    run("create pdb p --selector=app=nginx --min-available=2")
    before = cluster.now
    result = run(f"drain {node} --timeout=12s", settle=False)
    assert result.code == 1 and result.stderr.count("(will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.") == 4
    assert cluster.now - before == 15_000
    assert run(f"drain {node}").code == 1       # without a timeout it ends when nothing more will happen


def test_KCTL_53_what_is_not_evicted_without_being_told(run):
    run("run lonely --image=nginx")
    node = run("get pod lonely -o jsonpath={.spec.nodeName}").stdout
    assert run(f"drain {node}").stderr.splitlines()[-1] == (
        "cannot delete cannot delete Pods that declare no controller (use --force to override): default/lonely")
    assert "Warning: deleting Pods that declare no controller: default/lonely\n" in run(f"drain {node} --force").stderr


def test_one_command_is_one_action_that_can_be_undone(run, cluster):
    actions = len(cluster.history.done)
    run("get pods")
    assert len(cluster.history.done) == actions
    run("delete pod web-0 web-1")
    assert [mark.label for mark in cluster.history.done[actions:]] == ["kubectl delete pod web-0 web-1"]
    uid = "get pod web-0 -o jsonpath={.metadata.uid}"
    after = run(uid).stdout
    cluster.undo()
    assert run(uid).stdout != after


def test_a_refused_command_is_no_action(run, cluster):
    actions = len(cluster.history.done)
    run("scale sts nope --replicas=3")
    run("create ns default")
    assert len(cluster.history.done) == actions


def test_the_cluster_settles_only_if_it_may(run, cluster):
    run("delete pod web-0 --wait=false", settle=False)
    assert "Terminating" in run("get pod web-0", settle=False).stdout
