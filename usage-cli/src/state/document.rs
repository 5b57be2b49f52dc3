//! What is in a state file.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use usage_core::execution::RestoreError;
use usage_core::{BaseUrl, Execution, Phase, Policy, Snapshot, UsageQuery};

use crate::exit::Problem;
use crate::merge::Merge;
use crate::output::Destination;
use crate::private_file::{self, Held};
use crate::transport::Transport;

/// What every state file says that it is.
const FORMAT: &str = "genesys-usage state";

/// The version of the format that is written.
const VERSION: u32 = 1;

/// Queries are short, and few parts make a year; more than this is the wrong file.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// All of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    format: String,
    version: u32,
    pub(crate) service: Service,
    pub(crate) transport: Transport,
    pub(crate) output: Destination,
    pub(crate) merge: Merge,
    /// The core's name of the kind of query.
    pub(crate) family: String,
    /// Whether the execution was submitted elsewhere, by a query that is not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) attached: bool,
    /// In the order of their days.
    pub(crate) parts: Vec<Part>,
}

/// Where the service is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Service {
    pub(crate) api_url: BaseUrl,
    pub(crate) login_url: BaseUrl,
}

/// One execution.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    /// As the core saves it.
    snapshot: Value,
    /// Whether it ended without a result.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) over: bool,
    #[serde(skip)]
    pub(crate) stage: Stage,
}

/// What is known of the submit of an execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It did not go out, or may go out again.
    #[default]
    Ready,
    /// It went out, must not go out twice, and there is no answer.
    InFlight,
    /// The service took it.
    Submitted,
}

/// What can be read of every version.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

impl Document {
    pub(crate) fn new(
        family: &'static str,
        service: Service,
        transport: Transport,
        output: Destination,
        merge: Merge,
        parts: Vec<Part>,
    ) -> Self {
        let (format, family) = (FORMAT.to_owned(), family.to_owned());
        Self { format, version: VERSION, service, transport, output, merge, family, attached: false, parts }
    }

    /// As it is written.
    pub(super) fn to_text(&self) -> Result<String, Problem> {
        let text = serde_json::to_string(self);
        text.map(|text| text + "\n")
            .map_err(|error| Problem::usage(format!("the state cannot be written: {error}")))
    }

    /// Reads the file at `path`, and keeps other runs from it.
    pub(crate) fn read(path: &Path) -> Result<(Self, Held), Problem> {
        let name = path.display();
        let cannot_read = |error| Problem::usage(format!("cannot read {name}: {error}"));
        let foreign = || Problem::usage(format!("{name} is no state file of genesys-usage"));
        let held = private_file::hold(path).map_err(|error| match error.kind() {
            ErrorKind::WouldBlock => Problem::usage(format!("another process is at the run of {name}"))
                .with_hint("wait until it has ended; it goes on with the run by itself"),
            _ => cannot_read(error),
        })?;
        check_private(path, held.file())?;
        let mut bytes = Vec::new();
        held.file().take(MAX_BYTES).read_to_end(&mut bytes).map_err(cannot_read)?;
        let Header { format, version } = serde_json::from_slice(&bytes).map_err(|_| foreign())?;
        if format != FORMAT {
            return Err(foreign());
        }
        if version > VERSION {
            return Err(Problem::usage(format!(
                "{name} has format {version}, of a later genesys-usage; this one reads up to {VERSION}"
            )));
        }
        let document: Self = serde_json::from_slice(&bytes).map_err(|error| damaged(path, error))?;
        if document.parts.is_empty() {
            return Err(damaged(path, "it has no parts"));
        }
        Ok((document, held))
    }

    /// The executions, if they are of the kind `Q`.
    pub(crate) fn snapshots<Q: UsageQuery>(&mut self, path: &Path) -> Result<Vec<Snapshot<Q>>, Problem> {
        let read = |part: &mut Part| {
            let snapshot = Snapshot::from_json(&part.snapshot.to_string()).map_err(|e| damaged(path, e))?;
            part.stage = stage(&restored(snapshot.clone()).map_err(|problem| damaged(path, problem))?);
            Ok(snapshot)
        };
        self.parts.iter_mut().map(read).collect()
    }
}

impl Part {
    /// Where `execution` is.
    pub(super) fn of<Q: UsageQuery>(execution: &Execution<Q>) -> Result<Self, Problem> {
        let snapshot = serde_json::to_value(execution.snapshot())
            .map_err(|error| Problem::usage(format!("the state cannot be written: {error}")))?;
        Ok(Self { snapshot, over: false, stage: stage(execution) })
    }
}

fn stage<Q: UsageQuery>(execution: &Execution<Q>) -> Stage {
    match execution.phase() {
        _ if execution.id().is_some() => Stage::Submitted,
        Phase::InFlightSubmit if !Q::REPEATABLE => Stage::InFlight,
        _ => Stage::Ready,
    }
}

/// The execution of `snapshot`, to be looked at.
pub(super) fn restored<Q: UsageQuery>(snapshot: Snapshot<Q>) -> Result<Execution<Q>, Problem> {
    Execution::restore(snapshot, Policy::default(), SystemTime::now().into()).map_err(unusable)
}

fn unusable(error: RestoreError) -> Problem {
    Problem::usage(error)
}

fn damaged(path: &Path, problem: impl std::fmt::Display) -> Problem {
    Problem::usage(format!("the state file {} cannot be used: {problem}", path.display()))
}

/// Credentials go to the hosts that the file names: nobody else may have written them there.
#[cfg(unix)]
fn check_private(path: &Path, file: &File) -> Result<(), Problem> {
    use std::os::unix::fs::PermissionsExt;

    let mode = file.metadata().map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o022 == 0 {
        return Ok(());
    }
    Err(Problem::usage(format!("others may write to {}, and it says where credentials go", path.display()))
        .with_hint(format!("if it is yours: chmod go-w {}", crate::paths::shell_word(path))))
}

#[cfg(not(unix))]
fn check_private(_: &Path, _: &File) -> Result<(), Problem> {
    Ok(())
}
