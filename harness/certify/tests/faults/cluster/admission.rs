//! Pod Security Admission, as far as `restricted` concerns the pods of a run.

use serde_json::Value;

/// Why a namespace that enforces `restricted` refuses a pod, in the admission's own words.
pub(super) fn refuses(pod: &Value) -> Option<String> {
    let kinds = ["initContainers", "containers"].into_iter();
    let containers = kinds.flat_map(|kind| pod["spec"][kind].as_array().into_iter().flatten());
    let mut found: Vec<String> = Vec::new();
    for container in containers {
        let context = &container["securityContext"];
        let name = container["name"].as_str().unwrap_or_default();
        let mut offence = |what: &str, wish: &str| {
            found.push(format!("{what} (container \"{name}\" must {wish})"));
        };
        if context["privileged"] == true {
            offence("privileged", "not set securityContext.privileged=true");
        }
        if context["allowPrivilegeEscalation"] != false {
            let wish = "set securityContext.allowPrivilegeEscalation=false";
            offence("allowPrivilegeEscalation != false", wish);
        }
        let dropped = context["capabilities"]["drop"].as_array();
        if !dropped.is_some_and(|all| all.iter().any(|one| one == "ALL")) {
            let wish = "set securityContext.capabilities.drop=[\"ALL\"]";
            offence("unrestricted capabilities", wish);
        }
        if context["runAsNonRoot"] != true {
            let wish = "set securityContext.runAsNonRoot=true";
            offence("runAsNonRoot != true", wish);
        }
        if context["runAsUser"] == 0 {
            offence("runAsUser=0", "not set runAsUser=0");
        }
        let profile = context["seccompProfile"]["type"].as_str();
        if !matches!(profile, Some("RuntimeDefault" | "Localhost")) {
            let wish = "set securityContext.seccompProfile.type to \"RuntimeDefault\"";
            offence("seccompProfile", wish);
        }
    }
    (!found.is_empty()).then(|| {
        format!(
            "pods \"{}\" is forbidden: violates PodSecurity \"restricted:latest\": {}",
            super::store::name(pod),
            found.join(", ")
        )
    })
}
