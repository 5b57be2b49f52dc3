//! Writes yesterday's requests to a CSV file, as a job that runs every night and may be killed at any moment.
//!
//! ```text
//! cargo run -p usage-blocking --example nightly_job                         # against a simulated service of its own
//! cargo run -p usage-blocking --example nightly_job -- FOLDER URL           # against the service at URL
//! ```
//!
//! The state is saved before every request, so that a job that was killed continues the execution that it submitted. The
//! state and the CSV file are named after the day. Exit codes: 0, the file is there; 75 (`EX_TEMPFAIL`), run the job again
//! to continue; 1, anything else.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it does")]

use std::error::Error;
use std::fs;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use usage_blocking::Client;
use usage_core::model::Dimension;
use usage_core::query::OrganizationQuery;
use usage_core::{Date, Interval, Secret, Snapshot, UsageTable};
use usage_sim::{ServeOptions, Simulator, SimulatorConfig, serve};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    match run(&folder, arguments.next()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nightly_job: {error}");
            let error = error.downcast_ref::<usage_core::Error>();
            if error.is_some_and(usage_core::Error::can_resume) {
                ExitCode::from(75)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

/// Puts yesterday's file into `folder`, from the service at `url` or from a simulated one.
pub(crate) fn run(folder: &Path, url: Option<String>) -> Result<(), Box<dyn Error>> {
    let config = SimulatorConfig::default().with_client("7de3af06", "secret");
    let service = serve(Simulator::new(config), ServeOptions::default())?;
    // A job for a real organization names its `region` here, and reads the secret from a safe place.
    let client = Client::builder()
        .url(url.unwrap_or_else(|| service.url()).parse()?)
        .client_credentials("7de3af06", Secret::new("secret".to_owned()))?
        .build()?;

    let yesterday = Date::of(SystemTime::now().into()).plus_days(-1);
    let csv = folder.join(format!("usage-{yesterday}.csv"));
    if csv.exists() {
        println!("{} is there already", csv.display());
        return Ok(());
    }
    let rows = fetch(&client, yesterday, &folder.join(format!("usage-{yesterday}.state.json")))?;
    replace(&csv, |file| rows.write_csv(BufWriter::new(file)))?;
    println!("{} rows in {}", rows.len(), csv.display());
    Ok(())
}

/// Returns the rows of `day`. While it waits for them, `state` says how far it got.
fn fetch(client: &Client, day: Date, state: &Path) -> Result<UsageTable, Box<dyn Error>> {
    let query = OrganizationQuery::new(Interval::from_days(day, day)?).with_group_by([
        Dimension::OAuthClientId,
        Dimension::TemplateUri,
        Dimension::HttpMethod,
    ]);
    let saved = match fs::read_to_string(state) {
        Ok(json) => Some(Snapshot::from_json(&json)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let file = state.to_owned();
    let handle = client.start_or_restore(query, saved)?.try_observe(move |execution, _| {
        replace(&file, |file| io::Write::write_all(file, execution.snapshot().to_json().as_bytes()))
    });
    let result = handle.finish();
    // After an error that cannot be resumed, the next run submits again.
    if !result.as_ref().is_err_and(usage_core::Error::can_resume) {
        fs::remove_file(state)?;
    }
    Ok(result?)
}

/// Writes the file whole or not at all.
fn replace(path: &Path, write: impl FnOnce(&mut fs::File) -> io::Result<()>) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = fs::File::create(&new)?;
    write(&mut file)?;
    file.sync_all()?;
    fs::rename(new, path)
}
