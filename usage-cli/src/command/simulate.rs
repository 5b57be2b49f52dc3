//! `genesys-usage simulate`: runs the simulated service for any client.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use usage_sim::{Organizations, ServeOptions, Server, Simulator, SimulatorConfig};

use crate::arguments::value_parsers::{duration, number};
use crate::problem::Problem;
use crate::process::stderr;

/// Run a simulated Genesys Cloud Usage API on a loopback port
///
/// When it listens, it prints one line of JSON on stdout: its URL and the client credentials. With --organizations,
/// it prints one line for each organization, with its name.
/// It serves until --for has passed, until SIGINT or SIGTERM, or until its standard input is closed if that is a
/// pipe.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SimulateArgs {
    /// Listen on this port of 127.0.0.1; 0 means any free port
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = number(0..=u16::MAX))]
    port: u16,

    /// Derive ids and traffic from this seed. The same seed gives the same numbers
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = number(0u64..))]
    seed: u64,

    /// Serve N organizations of different sizes, limits and faults. The credential selects the organization
    #[arg(long, value_name = "N", value_parser = number(1..=1000u32))]
    organizations: Option<u32>,

    /// Serve for this long. Without it, until stopped
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    serve_for: Option<Duration>,

    /// How long an execution takes
    #[arg(long, value_name = "DURATION", default_value = "3s", value_parser = duration, conflicts_with = "organizations")]
    execution_time: Duration,
}

const EXAMPLES: &str = r#"Examples:
  genesys-usage simulate --port 8080 --for 10m
      {"api_url":"http://127.0.0.1:8080","login_url":…,"client_id":…,"client_secret":…}
  export GENESYSCLOUD_OAUTHCLIENT_ID=… GENESYSCLOUD_OAUTHCLIENT_SECRET=…
  genesys-usage query --last 7d --api-url http://127.0.0.1:8080
      In another terminal, with the id and the secret of that line."#;

pub(crate) fn run(args: &SimulateArgs) -> Result<(), Problem> {
    let (stop, stopped) = mpsc::channel();
    stop_on_signal(stop.clone())?;
    let server = serve(args)?;
    if !announce(&server, args.organizations.is_some())? {
        return Ok(());
    }
    stop_on_closed_pipe(stop);
    // A stop signal and the timeout both end the server.
    match args.serve_for {
        Some(time) => drop(stopped.recv_timeout(time)),
        None => drop(stopped.recv()),
    }
    server.shutdown();
    Ok(())
}

fn serve(args: &SimulateArgs) -> Result<Server, Problem> {
    let config = SimulatorConfig::default().with_seed(args.seed).with_execution_time(args.execution_time);
    let organizations = match args.organizations {
        Some(count) => Organizations::varied(count, args.seed),
        None => Simulator::new(config).into(),
    };
    usage_sim::serve(organizations, ServeOptions::default().with_port(args.port))
        .map_err(|error| Problem::usage(format!("cannot listen on port {} of 127.0.0.1: {error}", args.port)))
}

/// Prints the URL and the credentials of each organization. Returns `false` if the pipe is closed.
fn announce(server: &Server, names: bool) -> Result<bool, Problem> {
    #[derive(Serialize)]
    struct Announcement<'a> {
        api_url: &'a str,
        login_url: &'a str,
        client_id: &'a str,
        client_secret: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        organization: Option<&'a str>,
    }
    let url = server.url();
    let line = |index| {
        let simulator = server.organization(index)?;
        Some(serde_json::to_string(&Announcement {
            api_url: &url,
            login_url: &url,
            client_id: simulator.client_id(),
            client_secret: simulator.client_secret(),
            organization: names.then(|| simulator.organization_name()),
        }))
    };
    let lines: Result<Vec<_>, _> = (0..).map_while(line).collect();
    let mut stdout = io::stdout().lock();
    let written = lines.map_err(Into::into).and_then(|lines| {
        lines.iter().try_for_each(|line| writeln!(stdout, "{line}"))?;
        stdout.flush()
    });
    match written {
        Ok(()) => {
            if io::IsTerminal::is_terminal(&stdout) {
                stderr::line("A simulated Usage API is listening; press Ctrl-C to end it.");
            }
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Problem::usage(format!("cannot write to standard output: {error}"))),
    }
}

fn stop_on_signal(stop: Sender<()>) -> Result<(), Problem> {
    // After the first signal, the receiver may be gone.
    ctrlc::set_handler(move || stop.send(()).unwrap_or_default())
        .map_err(|error| Problem::usage(format!("cannot listen for signals: {error}")))
}

/// Stops the server when the parent process closes the pipe that is this program's input, or ends.
fn stop_on_closed_pipe(stop: Sender<()>) {
    if !stdin_is_pipe() {
        return;
    }
    thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        let mut ignored = [0; 1024];
        loop {
            match stdin.read(&mut ignored) {
                Ok(0) => break,
                Err(error) if error.kind() != ErrorKind::Interrupted => break,
                Ok(_) | Err(_) => {}
            }
        }
        stop.send(()).unwrap_or_default();
    });
}

/// Returns whether standard input is a pipe. The end of a terminal, `/dev/null`, a file or a closed descriptor (which
/// the standard library replaces by `/dev/null`) must not stop a program in the background.
#[cfg(unix)]
fn stdin_is_pipe() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;

    let stdin = io::stdin().as_fd().try_clone_to_owned().map(std::fs::File::from);
    let metadata = stdin.and_then(|stdin| stdin.metadata());
    metadata.is_ok_and(|metadata| metadata.file_type().is_fifo() || metadata.file_type().is_socket())
}

#[cfg(not(unix))]
fn stdin_is_pipe() -> bool {
    false
}
