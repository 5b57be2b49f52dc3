//! The trusted root certificates: built-in, from the operating system, or added by the user.

use std::collections::HashSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use usage_core::error::BuildError;
use usage_driver::{ClientBuilder, FromConfig};

use crate::config::Config;
use crate::files::trust::{self, Distrust, Role};
use crate::problem::Problem;
use crate::process::variables::Variables;

/// The variables that OpenSSL reads, and programs that follow it.
const FILE: &str = "SSL_CERT_FILE";
const DIRECTORY: &str = "SSL_CERT_DIR";

/// Maximum size of a certificate bundle in bytes. A larger file is the wrong one.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The options for root certificates.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct RootArgs {
    /// Trust the root certificates in this PEM file in addition to the built-in ones [env: SSL_CERT_FILE,
    /// SSL_CERT_DIR]
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Trust the operating system's root certificates instead of the built-in ones
    #[arg(long)]
    pub(crate) system_roots: bool,
}

/// The trusted certificates, parsed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roots {
    /// Certificates in addition to the roots, as PEM; empty if there are none.
    pem: String,
    /// The place where they were found, for messages.
    places: Vec<String>,
    from_system: bool,
}

/// A place where certificates were named.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) path: PathBuf,
    /// The option, the variable, or the configuration file.
    pub(crate) place: String,
    is_directory: bool,
}

impl RootArgs {
    /// Reads the named certificates: from the option, else from the environment's variables if the connection uses
    /// TLS (`encrypted`), else from the configuration.
    pub(crate) fn load(
        &self,
        encrypted: bool,
        variables: Variables<'_>,
        config: &Config,
    ) -> Result<Roots, Problem> {
        let mut roots = Roots { from_system: self.system_roots(config).0, ..Roots::default() };
        for named in self.named(encrypted, variables, config) {
            let pem = if named.is_directory { of_directory(&named) } else { of_file(&named) }?;
            roots.pem.push_str(&pem);
            roots.places.push(format!("{} ({})", named.path.display(), named.place));
        }
        roots.pem = without_repetitions(&roots.pem);
        Ok(roots)
    }

    /// Returns the certificates' paths of the first source that names any.
    pub(crate) fn named(&self, encrypted: bool, variables: Variables<'_>, config: &Config) -> Vec<Named> {
        let file = |path: PathBuf, place: &str| Named { path, place: place.into(), is_directory: false };
        if let Some(path) = &self.ca_file {
            return vec![file(path.clone(), "--ca-file")];
        }
        let variable = |name| variables(name).filter(|value: &OsString| encrypted && !value.is_empty());
        let files = variable(FILE).map(|path| file(path.into(), FILE));
        let directories = variable(DIRECTORY).map(|paths| env::split_paths(&paths).collect::<Vec<_>>());
        let directories = directories.into_iter().flatten().filter(|path| !path.as_os_str().is_empty());
        let directories = directories.map(|path| Named { path, place: DIRECTORY.into(), is_directory: true });
        let named: Vec<_> = files.into_iter().chain(directories).collect();
        if !named.is_empty() {
            return named;
        }
        let configured = config.own(|settings| settings.ca_file.clone());
        configured.map(|(path, place)| file(path, place)).into_iter().collect()
    }

    /// Returns whether the operating system's roots are trusted, and the source of that setting.
    pub(crate) fn system_roots<'a>(&self, config: &'a Config) -> (bool, &'a str) {
        match config.own(|settings| settings.system_roots) {
            _ if self.system_roots => (true, "--system-roots"),
            Some((system_roots, place)) => (system_roots, place),
            None => (false, "default"),
        }
    }
}

impl Roots {
    /// Adds the certificates to the client of `builder`.
    pub(crate) fn apply<C: FromConfig>(
        &self,
        builder: ClientBuilder<C>,
    ) -> Result<ClientBuilder<C>, BuildError> {
        let builder = if self.from_system { builder.platform_roots() } else { builder };
        if self.pem.is_empty() { Ok(builder) } else { builder.root_certificates(self.pem.as_bytes()) }
    }

    /// Adds to `error` the files that it may concern.
    pub(crate) fn explained(&self, error: BuildError) -> BuildError {
        match error {
            BuildError::Client { problem } if !self.places.is_empty() => {
                let places = self.places.join(", ");
                BuildError::client(format!("{problem}; root certificates were read from {places}"))
            }
            error => error,
        }
    }
}

fn of_file(named: &Named) -> Result<String, Problem> {
    let bytes = read(&named.path).map_err(|distrust| distrusted(named, &named.path, distrust))?;
    certificates(&bytes).map_err(|problem| {
        Problem::usage(format!("{} ({}) {problem}", named.path.display(), named.place)).with_hint(
            "it should hold root certificates as PEM, each between BEGIN CERTIFICATE and END CERTIFICATE",
        )
    })
}

/// Reads the certificates of all files in the directory. Other files are ignored, as OpenSSL does.
fn of_directory(named: &Named) -> Result<String, Problem> {
    let unreadable = |error| unreadable(named, &error);
    let mut pem = String::new();
    for entry in fs::read_dir(&named.path).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let bytes = match read(&path) {
            Ok(bytes) => bytes,
            Err(distrust @ Distrust::Writers { .. }) => return Err(distrusted(named, &path, distrust)),
            // A link may be dangling, and a private key beside the certificates unreadable.
            Err(Distrust::Io(_) | Distrust::Kind) => continue,
        };
        pem.push_str(&certificates(&bytes).unwrap_or_default());
    }
    if pem.is_empty() {
        let problem =
            format!("{} ({}) has no file with a certificate as PEM", named.path.display(), named.place);
        return Err(Problem::usage(problem));
    }
    Ok(pem)
}

fn unreadable(named: &Named, error: &io::Error) -> Problem {
    let Named { path, place, .. } = named;
    Problem::usage(format!("cannot read the root certificates in {} ({place}): {error}", path.display()))
}

fn distrusted(named: &Named, path: &Path, distrust: Distrust) -> Problem {
    match distrust {
        Distrust::Io(error) => unreadable(named, &error),
        distrust => distrust.problem(format_args!("the root certificates ({}) in ", named.place), path),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Distrust> {
    let file = trust::open(path, Role::Certificates)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns the certificates in `bytes` as PEM without any other text, or what is wrong.
fn certificates(bytes: &[u8]) -> Result<String, &'static str> {
    if bytes.trim_ascii().is_empty() {
        return Err("is empty");
    }
    if bytes.starts_with(&[0x30, 0x82]) {
        return Err("is not PEM, but perhaps DER: convert it with 'openssl x509 -inform der'");
    }
    let text = String::from_utf8_lossy(bytes);
    let mut pem = String::new();
    let mut rest = &*text;
    while let Some(start) = rest.find(BEGIN) {
        let block = &rest[start..];
        let end = block.find(END).ok_or("ends in the middle of a certificate")? + END.len();
        pem.push_str(&block[..end]);
        pem.push('\n');
        rest = &block[end..];
    }
    match pem.is_empty() {
        false => Ok(pem),
        true if text.contains("PRIVATE KEY-----") => Err("has a private key and no certificate"),
        true if text.contains("-----BEGIN ") => Err("has no certificate"),
        true => Err("is not PEM"),
    }
}

/// Removes duplicates: a bundle and a directory of the same roots contain each certificate twice.
fn without_repetitions(pem: &str) -> String {
    let mut seen = HashSet::new();
    pem.split_inclusive(&format!("{END}\n")).filter(|block| seen.insert(*block)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(content: &str) -> String {
        format!("{BEGIN}\n{content}\n{END}\n")
    }

    #[test]
    fn certificates_are_found_among_other_things() {
        let two = format!("# a comment\n{}-----BEGIN PRIVATE KEY-----\nx\n{}", block("MAA="), block("MAE="));
        assert_eq!(certificates(two.as_bytes()).unwrap(), block("MAA=") + &block("MAE="));
        let windows = two.replace('\n', "\r\n");
        assert_eq!(certificates(windows.as_bytes()).unwrap().matches(BEGIN).count(), 2);
        for (bytes, problem) in [
            (&b""[..], "is empty"),
            (b" \r\n", "is empty"),
            (&[0x30, 0x82, 1, 2], "perhaps DER"),
            (b"hello", "is not PEM"),
            (&[0xff, 0xfe, 0], "is not PEM"),
            (b"-----BEGIN RSA PRIVATE KEY-----\n", "a private key and no certificate"),
            (b"-----BEGIN TRUSTED CERTIFICATE-----\n", "has no certificate"),
            (b"-----BEGIN CERTIFICATE-----\nMAA=\n", "in the middle of a certificate"),
        ] {
            assert!(certificates(bytes).unwrap_err().contains(problem), "{problem}");
        }
        assert_eq!(without_repetitions(&(block("a") + &block("b") + &block("a"))), block("a") + &block("b"));
    }

    #[test]
    fn the_first_place_that_names_certificates_wins() {
        let args = |file: Option<&str>| RootArgs { ca_file: file.map(Into::into), system_roots: false };
        let variables: Variables<'_> = &|name| match name {
            FILE => Some("/bundle.pem".into()),
            DIRECTORY => Some("/one:/two".into()),
            _ => None,
        };
        let named = |file, encrypted| {
            let named = args(file).named(encrypted, variables, &Config::nowhere());
            named
                .into_iter()
                .map(|named| format!("{} {}", named.place, named.path.display()))
                .collect::<Vec<_>>()
        };
        assert_eq!(named(Some("/own.pem"), true), ["--ca-file /own.pem"]);
        #[cfg(unix)]
        assert_eq!(
            named(None, true),
            ["SSL_CERT_FILE /bundle.pem", "SSL_CERT_DIR /one", "SSL_CERT_DIR /two"]
        );
        // Without TLS, the certificates of the environment are irrelevant.
        assert_eq!(named(None, false), [""; 0]);
        assert_eq!(named(Some("/own.pem"), false), ["--ca-file /own.pem"]);
    }
}
