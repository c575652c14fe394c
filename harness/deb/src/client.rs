//! The HTTP client, configured once.

use std::sync::Arc;
use std::time::Duration;

/// The HTTP client cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("HTTP client: {0}")]
pub struct ClientError(String);

/// Proxies besides those of the environment (`http_proxy`, `https_proxy`, `no_proxy`), which win.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxies {
    /// For `http:` addresses.
    pub http: Option<String>,
    /// For `https:` addresses.
    pub https: Option<String>,
}

impl Proxies {
    /// None but those of the environment.
    pub const ENVIRONMENT: Self = Self {
        http: None,
        https: None,
    };
}

/// A client with ring as its TLS provider, a connect and a stall deadline.
pub fn client(proxies: &Proxies) -> Result<reqwest::Client, ClientError> {
    // Whoever came first installed the same provider; the workspace has no other.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let failed = |e: reqwest::Error| ClientError(e.to_string());
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("certify/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(15))
        .read_timeout(Duration::from_secs(60))
        .pool_max_idle_per_host(8);
    let in_environment = |name: &str| {
        [
            name.to_owned(),
            name.to_uppercase(),
            "all_proxy".to_owned(),
            "ALL_PROXY".to_owned(),
        ]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
    };
    let exempt = reqwest::NoProxy::from_env();
    if let Some(proxy) = proxies
        .http
        .as_ref()
        .filter(|_| !in_environment("http_proxy"))
    {
        let proxy = reqwest::Proxy::http(proxy).map_err(failed)?;
        builder = builder.proxy(proxy.no_proxy(exempt.clone()));
    }
    if let Some(proxy) = proxies
        .https
        .as_ref()
        .filter(|_| !in_environment("https_proxy"))
    {
        let proxy = reqwest::Proxy::https(proxy).map_err(failed)?;
        builder = builder.proxy(proxy.no_proxy(exempt));
    }
    builder.build().map_err(failed)
}

/// A progress callback that does nothing.
pub fn silent() -> crate::fetch::Progress {
    Arc::new(|_| {})
}
