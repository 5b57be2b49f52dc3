//! Plays one run and checks its outcome.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use usage_core::{Policy, Timestamp, UsageQuery, UsageRecord};
use usage_sim::in_memory::Service;
use usage_sim::{
    Authorization, Entry, Fault, Operation, ServeOptions, Simulator, SimulatorConfig, VirtualClock, serve,
};

use crate::drivers::{Assignment, Driver, Outcome};
use crate::plan::{Asker, CLIENT, Plan, SECRET};

/// 2026-07-08, 08:40 UTC.
const START: Timestamp = Timestamp::from_unix_millis(1_783_500_000_000);

/// The maximum duration of a run in real time: it has a few dozen exchanges.
const RUN: Duration = Duration::from_secs(120);

/// Returns a policy with a short exchange timeout if the service may hang, otherwise one that is long enough for a slow
/// machine.
fn policy(plan: &Plan) -> Policy {
    let timeout = if plan.hangs() { Duration::from_millis(200) } else { Duration::from_secs(30) };
    Policy::default().with_exchange_timeout(timeout)
}

/// Runs the plan of `seed` with `driver`. Returns whether all rows arrived, or the problem.
pub(crate) fn run(seed: u64, driver: Driver) -> Result<bool, String> {
    let (verdict_in, verdict_out) = mpsc::channel();
    let thread = thread::spawn(move || {
        let _ = verdict_in.send(play(seed, driver));
    });
    match verdict_out.recv_timeout(RUN) {
        Ok(verdict) => {
            thread.join().map_err(|_| "it panicked".to_owned())?;
            verdict
        }
        Err(RecvTimeoutError::Timeout) => Err(format!("it hangs: no end within {RUN:?}")),
        Err(RecvTimeoutError::Disconnected) => Err("it panicked".to_owned()),
    }
}

fn play(seed: u64, driver: Driver) -> Result<bool, String> {
    let decoy = TcpListener::bind("127.0.0.1:0").unwrap();
    decoy.set_nonblocking(true).unwrap();
    let plan = Plan::of(seed, &format!("http://{}", decoy.local_addr().unwrap()));
    let clock = VirtualClock::new(START);
    let mut simulator = Simulator::new(plan.service());
    plan.rules.iter().for_each(|rule| simulator.inject(rule.clone()));
    let server = serve(simulator, ServeOptions::default().with_clock(clock.clone())).unwrap();
    let url = server.url();
    let outcome =
        driver(&Assignment { url: &url, clock: clock.clone(), policy: policy(&plan), family: plan.family });
    let journal = server.simulator().journal().to_vec();
    drop(server);

    ensure(clock.now() <= START.saturating_add(policy(&plan).deadline), "it ended past the deadline")?;
    let nobody = matches!(decoy.accept(), Err(error) if error.kind() == ErrorKind::WouldBlock);
    ensure(nobody, "somebody went where the service pointed")?;
    judge_requests(&journal, &url)?;
    judge_rows(&outcome, &plan, &journal)?;
    Ok(outcome.1.is_none())
}

/// Checks that nothing is submitted again once accepted, and that each host receives only the secrets meant for it.
fn judge_requests(journal: &[Entry], url: &str) -> Result<(), String> {
    let mut started = false;
    for entry in journal {
        let at = format!("{} {}", entry.method, entry.target);
        let Some(operation) = entry.operation else { return Err(format!("{at} is no operation")) };
        let wanted = if operation == Operation::Token { Authorization::Basic } else { Authorization::Bearer };
        ensure(entry.authorization == wanted, &format!("{at} says who it is as {:?}", entry.authorization))?;
        ensure(url.ends_with(&entry.host), &format!("{at} was meant for {}", entry.host))?;
        ensure(!at.contains(SECRET) && !at.contains("token="), &format!("{at} shows a secret"))?;
        ensure(!(started && operation.is_submit()), "it was submitted again after the service took it on")?;
        started |= entry.started.is_some();
    }
    Ok(())
}

/// Checks that all rows arrived in order, or the first of them and an error.
fn judge_rows((pages, error): &Outcome, plan: &Plan, journal: &[Entry]) -> Result<(), String> {
    let printed = format!("{error:?}");
    ensure(!printed.contains(SECRET), "the error prints the secret")?;
    let struck = |fault: &Fault| journal.iter().any(|entry| entry.fault.as_ref() == Some(fault));
    if struck(&Fault::RepeatCursor) {
        // A fault of the service repeated a page, or ended the result early.
        return Ok(());
    }
    let rows: Vec<UsageRecord> = pages.iter().flat_map(|page| page.clone().into_iter()).collect();
    let all = all_rows(plan);
    let troubled =
        plan.hangs() || journal.iter().any(|entry| entry.fault.is_some() || !entry.status.is_success());
    match error {
        None => ensure(rows == all, &format!("{} rows instead of {}", rows.len(), all.len())),
        Some(error) if !troubled => Err(format!("it failed without a fault: {error}")),
        Some(_) => ensure(all.starts_with(&rows), "rows were lost or doubled before it failed"),
    }
}

/// Returns the rows of the query without faults and sockets.
fn all_rows(plan: &Plan) -> Vec<UsageRecord> {
    plan.family.be_asked(&InMemory)
}

struct InMemory;

impl Asker for InMemory {
    type Answer = Vec<UsageRecord>;

    fn ask<Q: UsageQuery>(&self, query: Q) -> Vec<UsageRecord> {
        let simulator = Simulator::new(SimulatorConfig::default().with_client(CLIENT, SECRET));
        let service = Service::new(simulator, VirtualClock::new(START));
        // On this thread: more threads would make the memory of the process fluctuate more.
        let rows = async_std::task::block_on(service.futures_client().run(query));
        rows.unwrap().into_iter().collect()
    }
}

fn ensure(holds: bool, problem: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem.to_owned()) }
}
