//! The cost of the three drivers, compared with the bare HTTP client that each uses, in the same run over loopback.
//!
//! The bare clients have the same time limit as a call of a driver. That of async-std is hyper-util's client on the sockets
//! and tasks of the driver.
//!
//! `cargo bench -p usage-tokio --bench drivers` prints a table and ends with one line for each target: `target NAME
//! measured limit`. `-- --quick` measures less, and `-- --calls NAME` runs only one of the clients, for a
//! profiler. The service runs in its own process, so that only the client is measured.

#![expect(clippy::print_stdout, reason = "it prints")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may stop where it stands")]

mod clients;
mod service;
#[path = "../../../usage-async-std/src/socket.rs"]
mod socket;
mod waiting;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clients::Contestant;
use rustix::time::{ClockId, clock_gettime};

/// The maximum CPU time of a driver's call, as a fraction of the bare client's.
const MOST_CPU: f64 = 1.15;

/// The maximum memory of a waiting execution in bytes.
const MOST_MEMORY: f64 = 1024.0;

/// The number of waiting executions.
const WAITING: u32 = 10_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let argument = |name: &str| arguments.iter().position(|argument| argument == name);
    if argument("--serve").is_some() {
        return service::serve();
    }
    if let Some(at) = argument("--waiting") {
        return waiting::run(&arguments[at + 1], &arguments[at + 2], WAITING);
    }
    let rounds = if argument("--quick").is_some() { 3 } else { 9 };
    let service = Service::start();
    if let Some(at) = argument("--calls") {
        let mut contestants = clients::pairs(&service.url, 64).into_iter().flatten();
        return contestants.find(|one| one.name() == arguments[at + 1]).unwrap().call(6_400);
    }
    let mut targets = Vec::new();

    println!("{:<42}{:>12}{:>14}{:>12}", "", "CPU us/call", "calls/s", "x bare CPU");
    for (at_once, calls) in [(1, 3_000), (64, 19_200)] {
        for pair in clients::pairs(&service.url, at_once) {
            let mut measured = pair.each_ref().map(|_| Vec::new());
            for contestant in &pair {
                contestant.call(calls / 10);
            }
            for _ in 0..rounds {
                for (contestant, measured) in pair.iter().zip(&mut measured) {
                    measured.push(measure(&**contestant, calls));
                }
            }
            let ratios = measured[0].iter().zip(&measured[1]).map(|(bare, driver)| driver.cpu / bare.cpu);
            let ratio = median(ratios.collect());
            for (contestant, (measured, times)) in pair.iter().zip(measured.iter().zip([1.0, ratio])) {
                println!(
                    "{:<42}{:>12.1}{:>14.0}{times:>12.2}",
                    format!("{}, {at_once} at once", contestant.name()),
                    median(measured.iter().map(|one| one.cpu * 1e6).collect()),
                    median(measured.iter().map(|one| 1.0 / one.time).collect()),
                );
            }
            targets.push((format!("{}-cpu-at-{at_once}", pair[1].name()), ratio, MOST_CPU));
        }
    }

    println!("\n{:<42}{:>12}", format!("{WAITING} executions that wait"), "bytes each");
    for driver in ["usage-tokio", "usage-async-std"] {
        let bytes = waiting::measure(driver, &service.url);
        println!("{driver:<42}{bytes:>12.0}");
        targets.push((format!("{driver}-waiting-bytes"), bytes, MOST_MEMORY));
    }

    println!();
    for (name, measured, limit) in targets {
        println!("target {name} {measured:.2} {limit:.2}");
    }
}

/// The time of one call in seconds.
struct Measured {
    cpu: f64,
    time: f64,
}

fn measure(contestant: &dyn Contestant, calls: u32) -> Measured {
    let (cpu, time) = (cpu(), Instant::now());
    contestant.call(calls);
    let (cpu, time) = (self::cpu().saturating_sub(cpu), time.elapsed());
    Measured { cpu: cpu.as_secs_f64() / f64::from(calls), time: time.as_secs_f64() / f64::from(calls) }
}

/// Returns the CPU time of this process so far, in all its threads.
fn cpu() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The service, until this is dropped.
struct Service {
    process: Child,
    url: String,
}

impl Service {
    fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg("--serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let url = waiting::first_line(&mut process);
        Self { process, url }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It ends when its standard input is closed.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
