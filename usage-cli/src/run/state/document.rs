//! The content of a state file.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use usage_core::{Snapshot, UsageQuery};

use crate::config::transport::Transport;
use crate::files::private_file::{self, Held};
use crate::files::trust::{Distrust, Role};
use crate::output::Destination;
use crate::problem::Problem;
use crate::run::merge::Merge;
use crate::service::Service;

/// The format name in every state file.
const FORMAT: &str = "genesys-usage state";

/// The version that this program writes.
const VERSION: u32 = 1;

/// Maximum size in bytes. Queries are short and a year has few parts, so a larger file is the wrong one.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The content of a state file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    format: String,
    version: u32,
    pub(crate) service: Service,
    pub(crate) transport: Transport,
    pub(crate) output: Destination,
    pub(crate) merge: Merge,
    /// The core's name of the query family.
    pub(crate) family: String,
    /// Whether the execution was submitted elsewhere, by an unknown query.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) attached: bool,
    /// The parts of the range, in the order of their days.
    pub(crate) parts: Vec<Part>,
    /// Whether the checksum matches.
    #[serde(skip)]
    is_intact: bool,
}

/// The state of one execution.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    /// The core's snapshot of the execution.
    snapshot: Value,
    /// Whether it ended without a result.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) over: bool,
    #[serde(skip)]
    pub(crate) stage: Stage,
}

/// The state of an execution's submit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not sent, or safe to send again.
    #[default]
    Ready,
    /// Sent without a response; it must not be sent twice.
    InFlight,
    /// Accepted by the service.
    Submitted,
}

/// The members that every version has.
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
        let (version, attached, is_intact) = (VERSION, false, true);
        Self { format, version, service, transport, output, merge, family, attached, parts, is_intact }
    }

    /// Serializes the document.
    pub(super) fn to_text(&self) -> Result<String, Problem> {
        let text = serde_json::to_string(self);
        text.map(|text| sealed(&(text + "\n")))
            .map_err(|error| Problem::usage(format!("the state cannot be written: {error}")))
    }

    /// Reads the file at `path` and locks it.
    pub(crate) fn read(path: &Path) -> Result<(Self, Held), Problem> {
        let name = path.display();
        let cannot_read = |error| Problem::usage(format!("cannot read {name}: {error}"));
        let foreign = || Problem::usage(format!("{name} is no state file of genesys-usage"));
        let held = private_file::hold(path, Role::State).map_err(|distrust| match distrust {
            Distrust::Io(error) if error.kind() == ErrorKind::WouldBlock => {
                Problem::usage(format!("another process is at the run of {name}"))
                    .with_hint("wait until it has ended; it continues the run by itself")
            }
            _ => distrust.problem("", path),
        })?;
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
        let mut document: Self = serde_json::from_slice(&bytes).map_err(|error| damaged(path, error))?;
        document.is_intact = is_sealed(&bytes);
        if document.parts.is_empty() {
            return Err(damaged(path, "it has no parts"));
        }
        Ok((document, held))
    }

    /// Returns the executions, if they are of the kind `Q` and the checksum matches.
    pub(crate) fn snapshots<Q: UsageQuery>(&mut self, path: &Path) -> Result<Vec<Snapshot<Q>>, Problem> {
        let read = |part: &mut Part| {
            let snapshot = Snapshot::from_json(&part.snapshot.to_string()).map_err(|e| damaged(path, e))?;
            part.stage = stage(&snapshot);
            Ok(snapshot)
        };
        let snapshots = self.parts.iter_mut().map(read).collect::<Result<_, _>>()?;
        // An error in the content is more specific than a wrong checksum.
        if !self.is_intact {
            return Err(damaged(path, "it was changed after it was written: its checksum is another one")
                .with_hint(
                    "start the run again; of a submit that went out, --attach with its id reads the rows",
                ));
        }
        Ok(snapshots)
    }
}

impl Part {
    /// Converts `snapshot` to the state of an execution.
    pub(super) fn of<Q: UsageQuery>(snapshot: &Snapshot<Q>) -> Result<Self, Problem> {
        let json = serde_json::to_value(snapshot)
            .map_err(|error| Problem::usage(format!("the state cannot be written: {error}")))?;
        Ok(Self { snapshot: json, over: false, stage: stage(snapshot) })
    }
}

fn stage<Q: UsageQuery>(snapshot: &Snapshot<Q>) -> Stage {
    match snapshot.execution_id() {
        Some(_) => Stage::Submitted,
        None if snapshot.is_submit_in_doubt() && !Q::IDEMPOTENT => Stage::InFlight,
        None => Stage::Ready,
    }
}

fn damaged(path: &Path, problem: impl std::fmt::Display) -> Problem {
    Problem::usage(format!("the state file {} cannot be used: {problem}", path.display()))
}

/// The start of a state file: a checksum of everything that follows.
const SEAL: &str = "{\"checksum\":\"";

/// Adds the checksum as the first member to `text`, which is an object.
fn sealed(text: &str) -> String {
    let rest = text.strip_prefix('{').unwrap_or(text);
    format!("{SEAL}{}\",{rest}", checksum(rest.as_bytes()))
}

/// Returns whether the checksum in `bytes` matches, see [`sealed`].
fn is_sealed(bytes: &[u8]) -> bool {
    let sum_and_rest = bytes.strip_prefix(SEAL.as_bytes()).and_then(|bytes| bytes.split_at_checked(64));
    sum_and_rest.is_some_and(|(sum, rest)| {
        rest.strip_prefix(b"\",").is_some_and(|rest| checksum(rest).as_bytes() == sum)
    })
}

fn checksum(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        // Writing to memory does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_and_every_missing_byte_breaks_the_seal() {
        let text = sealed("{\"format\":\"genesys-usage state\",\"parts\":[{}]}\n");
        assert!(is_sealed(text.as_bytes()));
        serde_json::from_str::<Value>(&text).unwrap();
        for at in 0..text.len() {
            assert!(!is_sealed(&text.as_bytes()[..at]), "{at}");
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                assert!(!is_sealed(&bytes), "{at} {bit}");
            }
        }
    }
}
