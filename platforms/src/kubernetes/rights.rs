//! The least that a run needs in a cluster, as manifests: what `certify rbac` prints.

/// A namespace, an account and a role for it, and after them, commented out, what may be given
/// besides and what is lost without it.
pub(crate) fn manifest(namespace: &str) -> String {
    MANIFEST.replace("NAMESPACE", namespace)
}

const MANIFEST: &str = "\
# For an administrator to make once: kubectl apply -f THIS
apiVersion: v1
kind: Namespace
metadata:
  name: NAMESPACE
  labels:
    # What K8s images are certified under; the run tries whether it is enforced.
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/enforce-version: latest
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: certify, namespace: NAMESPACE}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: certify, namespace: NAMESPACE}
rules:
- {apiGroups: [''], resources: [pods], verbs: [create, delete, get, list, watch]}
# The probe is started inside the measured container.
- {apiGroups: [''], resources: [pods/exec], verbs: [create, get]}
- {apiGroups: [''], resources: [pods/log], verbs: [get]}
# Their names hold the only times below a second that a kubelet tells.
- {apiGroups: [''], resources: [events], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: certify, namespace: NAMESPACE}
subjects:
- {kind: ServiceAccount, name: certify, namespace: NAMESPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: certify}
# With these alone, certify.yaml names the namespace and a node (clusters: <platform>: {namespace:
# NAMESPACE, node: ..., kubeconfig: ...}). A ClusterRole may give besides:
#   nodes: get, list                        the run chooses the node itself and tells its versions
#   nodes/proxy: get                        the kubelet's settings stand in the report
#   namespaces: create, delete, get         every run has a namespace of its own, gone afterwards
";
