//! The Terraform provider's variables that say how the service is reached.

use crate::config::Hosts;
use crate::config::gateway::{Gateway, ProxySettings};
use crate::problem::Problem;
use crate::process::stderr::{self, WARNING};
use crate::process::variables::{Variables, variable};

pub(crate) const GATEWAY_PLACE: &str = "GENESYSCLOUD_GATEWAY_HOST";
pub(crate) const PROXY_PLACE: &str = "GENESYSCLOUD_PROXY_HOST";

/// Reads the gateway of `GENESYSCLOUD_GATEWAY_HOST`, `_PORT`, `_PROTOCOL`, `_PATH_NAME` and `_PATH_VALUE`. The last
/// two give the path of one host, `login` or `api`.
///
/// # Errors
///
/// Returns a problem if one of them is set without the host, or cannot be used.
pub(crate) fn gateway(variables: Variables<'_>) -> Result<Option<Hosts>, Problem> {
    let get = |name: &str| variable(variables, &format!("GENESYSCLOUD_GATEWAY_{name}"));
    let wrong = |problem: String| Problem::usage(format!("GENESYSCLOUD_GATEWAY_*: {problem}"));
    let (protocol, port) = (get("PROTOCOL")?, get("PORT")?);
    let (path_name, path) = (get("PATH_NAME")?, get("PATH_VALUE")?);
    let Some(host) = get("HOST")? else {
        let (user, password) = (get("AUTH_USERNAME")?, get("AUTH_PASSWORD")?);
        let is_meant = [protocol, port, path_name, path, user, password].iter().any(Option::is_some);
        return if is_meant { Err(wrong(format!("{GATEWAY_PLACE} is missing"))) } else { Ok(None) };
    };
    let mut gateway = Gateway { protocol, host, port, ..Gateway::default() };
    match (path_name, path) {
        (None, None) => {}
        (Some(name), Some(path)) => gateway.set_path(&name, &path).map_err(wrong)?,
        _ => return Err(wrong("_PATH_NAME and _PATH_VALUE belong together".into())),
    }
    if get("AUTH_USERNAME")?.is_some() || get("AUTH_PASSWORD")?.is_some() {
        let text = "GENESYSCLOUD_GATEWAY_AUTH_USERNAME and _PASSWORD are not honoured";
        stderr::labelled("warning", WARNING, text);
    }
    let (api, login) = gateway.urls().map_err(wrong)?;
    Ok(Some(Hosts { api, login: Some(login) }))
}

/// Reads the proxy of `GENESYSCLOUD_PROXY_HOST`, `_PORT`, `_PROTOCOL`, `_AUTH_USERNAME` and `_AUTH_PASSWORD`.
pub(super) fn proxy(variables: Variables<'_>) -> Result<ProxySettings, Problem> {
    let get = |name: &str| variable(variables, &format!("GENESYSCLOUD_PROXY_{name}"));
    Ok(ProxySettings {
        protocol: get("PROTOCOL")?,
        host: get("HOST")?,
        port: get("PORT")?,
        user: get("AUTH_USERNAME")?,
        password: get("AUTH_PASSWORD")?,
    })
}
