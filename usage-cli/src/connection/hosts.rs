//! The hosts of the service: those of the organization's region, or others that the user names.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;
use usage_core::{BaseUrl, Region};

use crate::arguments::completion::regions;
use crate::arguments::region::region;
use crate::config::{Config, Hosts, Said, Settings, terraform};
use crate::connection::credentials::Source;
use crate::login::Login;
use crate::problem::Problem;
use crate::process::variables::{Variables, variable};
use crate::service::Service;

pub(crate) const REGION: &str = "GENESYSCLOUD_REGION";

/// The options that say where the organization's service is.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct HostArgs {
    /// The organization's region: eu-central-1, euc1, mypurecloud.de, or a URL there [env: GENESYSCLOUD_REGION]
    /// [default: us-east-1]
    #[arg(long, conflicts_with = "api_url", value_parser = region, add = ArgValueCandidates::new(regions))]
    region: Option<Region>,

    /// Send requests and the access token to this URL instead of the region's API host: https, or http to this
    /// machine
    #[arg(long, value_name = "URL")]
    api_url: Option<String>,

    /// Send client credentials to this URL instead of the region's login host. Required if --api-url names another
    /// machine
    #[arg(long, value_name = "URL")]
    login_url: Option<String>,
}

impl HostArgs {
    /// Returns whether an option names a host.
    pub(crate) fn is_given(&self) -> bool {
        self.region.is_some() || self.api_url.is_some() || self.login_url.is_some()
    }

    /// Returns the API host and the login host for `source`. A credential is sent only to hosts that were named for
    /// it.
    pub(crate) fn service(
        &self,
        source: &Source,
        variables: Variables<'_>,
        config: &Config,
    ) -> Result<Service, Problem> {
        match source {
            Source::Login(kept, _) => {
                let own = Service { api_url: kept.api_url.clone(), login_url: kept.login_url.clone() };
                // Other programs' files do not contradict the hosts of a log-in.
                if let Some(named) = self.named(variables, config.own_places().map(Ok))? {
                    let Hosts { api: api_url, login } = named.value;
                    let login_url = login.unwrap_or_else(|| own.login_url.clone());
                    check_hosts(kept, &Service { api_url, login_url })?;
                }
                Ok(own)
            }
            Source::AccessToken(_) | Source::Client { .. } => {
                let Hosts { api, login } = self.hosts(variables, config)?.value;
                let is_token = matches!(source, Source::AccessToken(_));
                match login {
                    Some(login) => Ok(Service { api_url: api, login_url: login }),
                    // A static token is not sent to a login host; a simulated service is both hosts in one.
                    None if is_token || api.is_loopback() => {
                        Ok(Service { api_url: api.clone(), login_url: api })
                    }
                    None => Err(Problem::usage("--api-url does not say where client credentials go")
                        .with_hint("give --login-url as well, or use an access token")),
                }
            }
        }
    }

    /// Returns the hosts of the first source that names one, or of the default region.
    pub(crate) fn hosts(&self, variables: Variables<'_>, config: &Config) -> Result<Said<Hosts>, Problem> {
        if let Some(named) = self.named(variables, config.places())? {
            return Ok(named);
        }
        config.check_guess()?;
        let login = given("--login-url", self.login_url.as_deref())?;
        Ok(Said::new(of_region(&Region::default(), login), "default"))
    }

    fn named<'a>(
        &self,
        variables: Variables<'_>,
        places: impl Iterator<Item = Result<&'a Settings, Problem>>,
    ) -> Result<Option<Said<Hosts>>, Problem> {
        let login = given("--login-url", self.login_url.as_deref())?;
        if let Some(api) = given("--api-url", self.api_url.as_deref())? {
            return Ok(Some(Said::new(Hosts { api, login }, "--api-url")));
        }
        if let Some(region) = &self.region {
            return Ok(Some(Said::new(of_region(region, login), "--region")));
        }
        if let Some(mut hosts) = terraform::gateway(variables)? {
            hosts.login = login.or(hosts.login);
            return Ok(Some(Said::new(hosts, terraform::GATEWAY_PLACE)));
        }
        if let Some(text) = variable(variables, REGION)? {
            let region = region(&text).map_err(|error| Problem::usage(format!("{REGION}: {error}")))?;
            return Ok(Some(Said::new(of_region(&region, login), REGION)));
        }
        let mut without_host = None;
        for settings in places {
            let settings = settings?;
            let login = login.clone().or_else(|| settings.login_url.clone());
            let hosts = match (&settings.api_url, &settings.region) {
                (Some(api), _) => Hosts { api: api.clone(), login },
                (None, Some(region)) => of_region(region, login),
                // A login host of one source must not be combined with the API host of another.
                (None, None) if self.login_url.is_none() && settings.login_url.is_some() => {
                    return Err(Problem::usage(format!(
                        "{} names a login-url, and no host of the API",
                        settings.place
                    ))
                    .with_hint("name a region or an api-url beside it"));
                }
                (None, None) => {
                    without_host = without_host.or(settings.is_foreign.then_some(settings));
                    continue;
                }
            };
            return Ok(Some(Said::new(hosts, &*settings.place)));
        }
        without_host.map_or(Ok(None), |settings| Err(names_no_host(settings)))
    }
}

/// Returns the problem of another program's file that names no host. The default region is not guessed.
fn names_no_host(settings: &Settings) -> Problem {
    let place = &settings.place;
    let problem = if settings.lacks_profile {
        format!("{place} does not have the profile in use, so the region is unknown")
    } else {
        format!("{place} names no usable host, so the region is unknown")
    };
    Problem::usage(problem)
        .with_hint("give --region, set GENESYSCLOUD_REGION, or name the profile with --profile")
}

fn given(option: &str, url: Option<&str>) -> Result<Option<BaseUrl>, Problem> {
    let parsed = url.map(str::parse::<BaseUrl>).transpose();
    parsed.map_err(|error| Problem::usage(format!("{option}: {error}")))
}

fn of_region(region: &Region, login: Option<BaseUrl>) -> Hosts {
    Hosts { api: region.api_url(), login: Some(login.unwrap_or_else(|| region.login_url())) }
}

/// Checks that a log-in's tokens are sent only to the hosts that issued them.
pub(crate) fn check_hosts(login: &Login, service: &Service) -> Result<(), Problem> {
    if login.api_url == service.api_url && login.login_url == service.login_url {
        return Ok(());
    }
    Err(Problem::usage(format!("the log-in is for {}, not for {}", login.api_url, service.api_url))
        .with_hint("log in there: genesys-usage login with the same --region and --profile"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::config::secret_source::SecretFrom;

    #[derive(Debug, Parser)]
    struct Parsed {
        #[command(flatten)]
        hosts: HostArgs,
    }

    /// Returns the API host and the login host chosen from these options and this region.
    fn hosts(arguments: &[&str], source: &Source, region: Option<&str>) -> Option<(String, String)> {
        let parsed = Parsed::parse_from([&["genesys-usage"], arguments].concat());
        let variables: Variables<'_> = &|name| (name == REGION).then(|| region.map(Into::into)).flatten();
        let service = parsed.hosts.service(source, variables, &Config::nowhere()).ok()?;
        Some((service.api_url.to_string(), service.login_url.to_string()))
    }

    #[test]
    fn a_credential_goes_to_no_host_that_was_not_named_for_it() {
        let said = || Said::new(SecretFrom::Value(String::from("secret").into()), "a test");
        let client = Source::Client { id: Said::new("id".into(), "a test"), secret: said() };
        let token = Source::AccessToken(said());
        let pair = |api: &str, login: &str| Some((api.to_owned(), login.to_owned()));
        let us = pair("https://api.mypurecloud.com", "https://login.mypurecloud.com");
        let germany = pair("https://api.mypurecloud.de", "https://login.mypurecloud.de");
        assert_eq!(hosts(&[], &client, None), us);
        assert_eq!(hosts(&[], &client, Some("")), us);
        assert_eq!(hosts(&[], &client, Some("eu-central-1")), germany);
        assert_eq!(hosts(&["--region", "mypurecloud.de"], &client, Some("us-west-2")), germany);
        assert_eq!(hosts(&[], &client, Some("nowhere")), None);

        let gateway = ["--api-url", "https://gateway.example/api"];
        assert_eq!(hosts(&gateway, &client, Some("eu-central-1")), None);
        assert!(hosts(&gateway, &token, None).is_some());
        let both = [&gateway[..], &["--login-url", "https://gateway.example/login"]].concat();
        assert_eq!(
            hosts(&both, &client, None),
            pair("https://gateway.example/api", "https://gateway.example/login")
        );
        let here = "http://127.0.0.1:8080";
        assert_eq!(hosts(&["--api-url", here], &client, Some("eu-central-1")), pair(here, here));
        assert_eq!(hosts(&["--api-url", "http://gateway.example"], &token, None), None);
    }
}
